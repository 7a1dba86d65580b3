"""What the documentation names as proof is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
TEST = re.compile(r"tests/[\w/]+\.py")
BENCHMARK = re.compile(r"python -m benchmarks[ .]([a-z_]+)((?:`?, `[a-z_]+`)*)")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    gone = [name for name in TEST.findall(text(page)) if not (ROOT / name).is_file()]
    assert not gone


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_benchmark_that_a_page_names_exists(page: Path) -> None:
    named = [
        name
        for first, more in BENCHMARK.findall(text(page))
        for name in (first, *re.findall("[a-z_]+", more))
    ]
    gone = [name for name in named if not (ROOT / "benchmarks" / f"{name}.py").is_file()]
    assert not gone


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_page_that_a_page_leads_to_exists(page: Path) -> None:
    gone = [name for name in LINK.findall(text(page)) if not (page.parent / name).exists()]
    assert not gone


def test_every_promise_names_a_test() -> None:
    rows = [line for line in text(DOCS / "promises.md").splitlines() if line.startswith("| ")]
    promises = [row for row in rows if not row.startswith(("| promise |", "| --- |"))]
    assert len(promises) > 30
    assert [row for row in promises if not TEST.search(row)] == []
