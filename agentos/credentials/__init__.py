"""The pool of credentials as a pure state machine."""
