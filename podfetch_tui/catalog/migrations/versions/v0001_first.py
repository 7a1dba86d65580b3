"""The first format, as released in ``v0001.sql``. Never changed: later ones build on it."""

from __future__ import annotations

from podfetch_tui.catalog.migrations.script import run

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables, indexes and counters in an empty database."""
    run("v0001.sql")


def downgrade() -> None:
    """Refuse: the backup that was made before the migration is the way back."""
    raise NotImplementedError("restore the backup made before the migration")
