from __future__ import annotations

from pathlib import Path

import pytest

from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.marker import open_archive


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def layout(tmp_path: Path, state_dir: Path) -> Layout:
    return open_archive(tmp_path / "archive", create=True, state_dir=state_dir)
