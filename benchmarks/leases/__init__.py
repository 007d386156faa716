"""How long a child waits for a lease while a slot is free.

Real processes ask a parent's lease server over its socket, as those of a run do.
"""
