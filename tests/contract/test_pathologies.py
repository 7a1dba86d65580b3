"""Every pathology that real feeds and hosts were seen with has a test that names its number."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).resolve().parents[1] / "pathologies"
LAST = 42
_NUMBERED = re.compile(r"^def test_(?:pathology_)?0?(\d+)_", re.MULTILINE)


def test_each_of_the_42_pathologies_has_a_test_with_its_number() -> None:
    found = {
        int(number)
        for path in HERE.glob("test_*.py")
        for number in _NUMBERED.findall(path.read_text("utf-8"))
    }
    assert found == set(range(1, LAST + 1))
