"""Where secrets rest on this machine: the keyring of the system, or a file of the user's own."""
