"""The terminal application: the only door to Textual."""
