"""The durable steps, the workflows made of them, and their coordination."""
