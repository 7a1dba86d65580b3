"""Media files on disk: names, part files, publishing, sweeping."""
