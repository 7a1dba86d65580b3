"""HTTP: the only door to urllib3."""
