"""The operating system: clock, durable files, locks, resources, signals, logs."""
