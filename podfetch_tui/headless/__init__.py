"""What ``podfetch --no-ui`` shows: progress on stderr, and a summary at the end."""
