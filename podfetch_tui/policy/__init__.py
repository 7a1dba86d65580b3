"""Pure decisions: no I/O, the clock and the random source are passed in."""
