"""The items to work on, found in issues/ and ideas/."""
