"""Feed lists on their way into the catalogue: read, checked, reported, imported."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from podfetch_tui.cli.archive import OpenArchive
from podfetch_tui.cli.output import say
from podfetch_tui.config.sources import LARGEST, FeedList, read_list, read_list_file
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.writes import Imported, ImportFeeds

MOST_REJECTS_SHOWN = 20


class ImportSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the lines of the lists."""

    new: int = 0
    duplicate: int = 0
    rejected: int = 0
    rejects: tuple[dict[str, object], ...] = ()


class NamedList(msgspec.Struct, frozen=True):
    """A list that was read, and where."""

    name: str
    """File name, ``-`` for standard input, ``command`` for the command line."""
    feeds: FeedList


def read(names: Sequence[str], settings: Settings) -> tuple[NamedList, ...]:
    """Read feed lists from files or, for ``-``, standard input.

    Raises:
        UsageError: One of them cannot be read or is no feed list; nothing was taken in.
    """
    return tuple(NamedList(name, _read(name, settings.network.allow_private)) for name in names)


def take_in(
    archive: OpenArchive, lists: Sequence[NamedList], *, paused: bool = False
) -> ImportSummary:
    """Import lists that were read; all of them or, when the catalogue refuses, none."""
    new = duplicate = 0
    rejects: list[dict[str, object]] = []
    for taken in lists:
        feeds = taken.feeds
        write = ImportFeeds(
            source=taken.name, feeds=feeds.entries, at=archive.clock.now_ms(), paused=paused
        )
        receipt = archive.writer.submit(write).result()
        if isinstance(receipt, Imported):
            new += len(receipt.new)
            duplicate += receipt.duplicate
        duplicate += len(feeds.duplicates)
        rejects += rejects_of(taken)
    return ImportSummary(
        new=new, duplicate=duplicate, rejected=len(rejects), rejects=tuple(rejects)
    )


def rejects_of(taken: NamedList) -> list[dict[str, object]]:
    """Return the rejected lines of a list for JSON."""
    return [
        {"list": taken.name, "line": line.line, "text": line.text, "reason": line.reason}
        for line in taken.feeds.rejected
    ]


def report(summary: ImportSummary) -> None:
    """Say on stderr what became of the lines."""
    say(f"{summary.new} new, {summary.duplicate} duplicate, {summary.rejected} rejected")
    for reject in summary.rejects[:MOST_REJECTS_SHOWN]:
        say(f"  {reject['list']}:{reject['line']}: {reject['reason']}: {reject['text']}")
    if len(summary.rejects) > MOST_REJECTS_SHOWN:
        say(f"  … and {len(summary.rejects) - MOST_REJECTS_SHOWN} more")


def _read(name: str, allow_private: tuple[str, ...]) -> FeedList:
    if name != "-":
        return read_list_file(Path(name), allow_private=allow_private)
    data = sys.stdin.buffer.read(LARGEST + 1)
    return read_list(data, name="standard input", allow_private=allow_private)
