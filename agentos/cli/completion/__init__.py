"""What a shell offers after Tab: the scripts that ask, and the answers."""
