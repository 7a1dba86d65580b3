"""Running a migration that is written in SQL."""

from __future__ import annotations

from pathlib import Path

from alembic import op


def run(name: str) -> None:
    """Execute the statements of ``versions/<name>``, one after the other."""
    script = (Path(__file__).with_name("versions") / name).read_text(encoding="utf-8")
    for statement in script.split(";\n"):
        if statement.strip():
            op.execute(statement)
