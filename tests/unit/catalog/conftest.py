"""A fresh catalogue for each test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.cataloguing import Bench, bench, recount


@pytest.fixture
def books(tmp_path: Path) -> Iterator[Bench]:
    """A catalogue with its writer; its counters are checked when the test is done."""
    with bench(tmp_path) as opened:
        yield opened
        opened.writer.flush()
        assert recount(tmp_path / "catalog.db") == []
