"""The command line; ``compose`` is the only place that knows every class."""
