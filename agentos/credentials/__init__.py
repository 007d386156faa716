"""Who may call when: slots, cooldowns and closings as pure state, without thread or socket."""
