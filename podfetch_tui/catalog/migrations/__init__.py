"""How a catalogue of each released format becomes one of the next; run by alembic."""
