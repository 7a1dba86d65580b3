"""``podfetch doctor``: what this machine, this program and this archive are like."""
