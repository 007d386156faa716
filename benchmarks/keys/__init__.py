"""How much of what providers allow the credential pool gets, and how many calls it wastes.

A discrete-event simulation: the real `CredentialPool` and two plain strategies meet the same work.
"""
