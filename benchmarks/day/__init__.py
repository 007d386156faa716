"""A day's work of 10,000 items, with keys that die and come back, in seconds.

A discrete-event simulation: the real `LeasingModel` in each child and the real `CredentialPool`
between them, before simulated providers. What must never happen is looked for at every step.
"""
