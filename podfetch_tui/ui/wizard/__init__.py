"""The first run: a few questions, then an archive."""
