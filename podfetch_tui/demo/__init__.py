"""A podcast host on loopback, for newcomers without network and for the tests."""
