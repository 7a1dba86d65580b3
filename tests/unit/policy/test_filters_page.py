"""The page on filters says what the program takes."""

from __future__ import annotations

import re
from pathlib import Path

from podfetch_tui.policy.filter_fields import FIELDS
from podfetch_tui.policy.filters import parse
from podfetch_tui.policy.filters_page import render

PAGE = Path(__file__).parents[3] / "docs" / "filters.md"


def test_the_page_is_printed_from_the_fields() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), (
        "run: python -m podfetch_tui.policy.filters_page > docs/filters.md"
    )


def test_every_example_on_the_page_is_read() -> None:
    page = render()
    commands = re.findall(r"podfetch (feeds|episodes) \w+ '([^']+)'", page)
    assert len(commands) == 4
    for kind, text in commands:
        assert parse(text, kind).any_of
    table = page.partition("| written | means |")[2].partition("\n\n")[0]
    examples = [example for row in table.splitlines()[2:] for example in written(row)]
    assert len(examples) > 20
    for text in examples:
        kind = "episodes" if "published" in text or "failed" in text else "feeds"
        assert parse(text, kind).any_of


def written(row: str) -> list[str]:
    cell = row.removeprefix("| ").replace("\\|", "\0").partition(" | ")[0]
    return [example.replace("\0", "|") for example in re.findall(r"`([^`]+)`", cell)]


def test_every_field_says_what_it_is() -> None:
    for fields in FIELDS.values():
        for field in fields.values():
            assert field.help
            assert not set(field.other_names) & set(fields)
