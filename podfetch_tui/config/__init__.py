"""INI text to settings and back, and feed lists."""
