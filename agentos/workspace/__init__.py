"""One project, looked at: where it is, what is set for it, and what there is to do."""
