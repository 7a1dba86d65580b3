"""Bytes to a feed document, and which of its items are which episodes."""
