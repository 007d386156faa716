"""Plain values that every other room speaks: standard library only, no input or output."""
