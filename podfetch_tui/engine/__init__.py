"""All shared mutable state of the program, and the threads that own it."""
