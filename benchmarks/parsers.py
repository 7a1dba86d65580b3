"""Milliseconds a feed of 100 items takes each parser, interleaved in one run.

Beside the fast path and feedparser: what the pieces of the fast path cost, the two parsers
it might have used instead (``docs/decisions/0001-fast-path-parser.md``), and identity.

    python -m benchmarks.parsers [--rounds 30] [--file FEED.xml]
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import io
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree
from xml.parsers import expat

import feedparser

from podfetch_tui.demo import feeds
from podfetch_tui.feeds.identity import identify
from podfetch_tui.feeds.scan import is_eligible, scan
from podfetch_tui.feeds.tolerant import parse, parse_leniently
from podfetch_tui.model.episode import KnownFeed
from podfetch_tui.model.sandboxed import ParseParams

URL = "https://feeds.example.org/show/feed.xml"
SLOW = ("feedparser", "feedparser as it comes", "tolerant, not well-formed")


def hundred_items() -> bytes:
    """The feed the figures in DESIGN 19 are about: 100 items, 212 KB."""
    return feeds.rss("Show", feeds.items("bench", 100, "https://cdn.example/{n}.mp3", length=9000))


def by_lxml(body: bytes) -> object:
    """The same by lxml, where somebody has it."""
    etree = importlib.import_module("lxml.etree")

    parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
    root = etree.fromstring(body, parser)
    return [{child.tag: child.text for child in item} for item in root[0].iterchildren("item")]


def by_expat(body: bytes) -> list[dict[str, str]]:
    """Callbacks in Python, text only where it is wanted."""
    items: list[dict[str, str]] = []
    pieces: list[str] = []
    depth = 0
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True

    def start(name: str, _: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth == 3 and name == "item":
            items.append({})
        elif depth == 4:
            parser.CharacterDataHandler = pieces.append

    def end(name: str) -> None:
        nonlocal depth
        if depth == 4 and items:
            parser.CharacterDataHandler = None
            items[-1][name] = "".join(pieces)
            pieces.clear()
        depth -= 1

    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.Parse(body, True)
    return items


def by_feedparser(body: bytes) -> object:
    return feedparser.parse(io.BytesIO(body), sanitize_html=False, resolve_relative_uris=False)


def cases(body: bytes) -> dict[str, Callable[[], object]]:
    document = scan(body, url=URL, max_items=100_000)
    if document is None:
        raise SystemExit("not a document of the fast path")
    nothing = KnownFeed({}, {})
    lxml = importlib.util.find_spec("lxml") is not None
    return {
        "scan": lambda: scan(body, url=URL, max_items=100_000),
        "  eligible?": lambda: is_eligible(body),
        "  tree in C": lambda: ElementTree.fromstring(body),
        "identify (first poll)": lambda: identify(document, nothing),
        "expat, texts alone": lambda: by_expat(body),
        **({"lxml, texts alone": lambda: by_lxml(body)} if lxml else {}),
        "feedparser": lambda: by_feedparser(body),
        "feedparser as it comes": lambda: feedparser.parse(io.BytesIO(body)),
        "tolerant parser": lambda: parse(body, ParseParams(url=URL)),
        "tolerant, not well-formed": lambda: parse_leniently(body, ParseParams(url=URL)),
    }


def measure(work: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Milliseconds of every call; all cases take turns, the quick ones ten times as often."""
    spent: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(rounds * 10):
        for name, call in work.items():
            if name in SLOW and turn % 10:
                continue
            began = time.perf_counter()
            call()
            spent[name].append((time.perf_counter() - began) * 1000)
    return spent


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=10)
    options.add_argument("--file", type=Path)
    chosen = options.parse_args()
    body = chosen.file.read_bytes() if chosen.file else hundred_items()
    spent = measure(cases(body), chosen.rounds)
    fast = min(spent["scan"])
    print(f"{len(body):,} bytes, {body.count(b'<item')} items; ms, fastest and median")
    for name, times in spent.items():
        print(
            f"  {name:24}{min(times):9.2f}{statistics.median(times):9.2f}"
            f"   {min(times) / fast:6.1f} x scan"
        )


if __name__ == "__main__":
    main()
