"""One run is one job, in straight-line code; no shared state lives here."""
