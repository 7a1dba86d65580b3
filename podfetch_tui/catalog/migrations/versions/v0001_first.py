"""The first format, as released in ``v0001.sql``. Never changed: later ones build on it."""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables, indexes and counters in an empty database."""
    script = Path(__file__).with_name("v0001.sql").read_text(encoding="utf-8")
    for statement in script.split(";\n"):
        if statement.strip():
            op.execute(statement)


def downgrade() -> None:
    """Refuse: the backup that was made before the migration is the way back."""
    raise NotImplementedError("restore the backup made before the migration")
