"""Child processes for bytes that are not trusted."""
