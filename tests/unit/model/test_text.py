"""Words for people: a noun fits its number."""

from __future__ import annotations

import pytest

from podfetch_tui.model.text import counted


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 feeds"), (1, "1 feed"), (2, "2 feeds"), (12_345, "12,345 feeds")]
)
def test_a_noun_fits_its_number(number: int, said: str) -> None:
    assert counted(number, "feed") == said


def test_more_than_a_noun_fits_too() -> None:
    assert counted(1, "feed is", "feeds are") == "1 feed is"
    assert counted(3, "feed is", "feeds are") == "3 feeds are"
