"""Per-feed settings, moves, rhythm, quarantine, raw bodies, hosts and events (``v0002.sql``)."""

from __future__ import annotations

from podfetch_tui.catalog.migrations.script import run

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns and tables; what is there stays."""
    run("v0002.sql")


def downgrade() -> None:
    """Refuse: the backup that was made before the migration is the way back."""
    raise NotImplementedError("restore the backup made before the migration")
