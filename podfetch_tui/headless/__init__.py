"""What ``--no-ui`` shows."""
