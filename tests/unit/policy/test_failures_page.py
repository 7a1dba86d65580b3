"""The page on failures says what the program does."""

from __future__ import annotations

from pathlib import Path

from podfetch_tui.model.errors import Kind
from podfetch_tui.policy.failures_page import render

PAGE = Path(__file__).parents[3] / "docs" / "failures.md"


def test_the_page_is_printed_from_the_table() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), (
        "run: python -m podfetch_tui.policy.failures_page > docs/failures.md"
    )


def test_every_kind_stands_on_the_page() -> None:
    page = render()
    for kind in Kind:
        if kind is not Kind.HTTP_STATUS:
            assert f"`{kind.value}`" in page
