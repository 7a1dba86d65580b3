"""The catalogue: the only door to SQLAlchemy and SQLite."""
