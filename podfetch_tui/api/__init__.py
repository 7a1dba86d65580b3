"""The one doorway into an engine and out of it."""
