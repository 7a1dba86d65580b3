"""Child processes for hostile bytes, and programs run under limits: subprocess's only door."""
