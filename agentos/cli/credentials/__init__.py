"""`agentos credentials` in the terminal: what is asked, and what is shown."""
