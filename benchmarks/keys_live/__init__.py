"""How much of what providers allow a run gets in real time, and how many calls it wastes.

A provider behind HTTP in a process of its own; a parent with the credential coordinator and the
lease server of a run; ten child processes that call through a vendor's SDK, without think time.
"""
