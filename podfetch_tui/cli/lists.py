"""Feed lists on their way into the catalogue: read, checked, reported, imported."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from podfetch_tui.cli.archive import ChangeableArchive
from podfetch_tui.cli.output import remark, say
from podfetch_tui.config.sources import LARGEST, FeedList, list_name, read_list, read_list_file
from podfetch_tui.engine.feed_lists import (
    ListFile,
    ListOutcome,
    counts,
    read_files,
    refuse_unknown,
)
from podfetch_tui.model.settings import Settings
from podfetch_tui.model.writes import Imported, ImportFeeds

if TYPE_CHECKING:
    from podfetch_tui.catalog.list_members import ListState
    from podfetch_tui.catalog.open import Catalog

MOST_REJECTED_SHOWN = 20
STDIN, COMMAND = "-", "command"
"""Lists that are no files."""


class ImportSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the lines of the lists."""

    new: int = 0
    duplicate: int = 0
    rejected: int = 0
    rejects: tuple[dict[str, object], ...] = ()
    notes: tuple[str, ...] = ()
    """What is worth knowing about a list as a whole."""


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


def read_configured(settings: Settings, catalog: Catalog | None) -> list[ListFile]:
    """Read the lists of ``[feeds] lists``; one that was read before may be gone or broken now.

    Args:
        settings: Name the lists.
        catalog: Knows which lists are as they were, and which were ever read; ``None``: none.

    Raises:
        UsageError: One cannot be read and never was; names file and line.
    """
    if not settings.feeds.lists:
        return []
    known: dict[str, ListState] = {}
    if catalog is not None:
        from podfetch_tui.catalog.list_members import list_states

        known = list_states(catalog)
    files = read_files(settings.feeds.lists, settings.network.allow_private, known)
    refuse_unknown(files, known)
    return files


def count_new(catalog: Catalog, lists: Sequence[NamedList], files: Sequence[ListFile]) -> int:
    """Return how many feeds of these lists the archive does not hold."""
    from podfetch_tui.catalog.lookups import feed_urls

    urls = {feed.url for taken in lists for feed in taken.feeds.entries}
    urls.update(feed.url for file in files if file.feeds for feed in file.feeds.entries)
    return len(urls - feed_urls(catalog)) if urls else 0


def take_in(
    archive: ChangeableArchive, lists: Sequence[NamedList], *, paused: bool = False
) -> ImportSummary:
    """Import lists that were read, one after the other: each as a whole or not at all.

    Raises:
        Failure: The catalogue refused one; the lists before it are in, and importing all of
            them again changes nothing of those.
    """
    new = duplicate = 0
    rejects: list[dict[str, object]] = []
    for taken in lists:
        feeds = taken.feeds
        write = ImportFeeds(
            source=_source(taken.name),
            feeds=feeds.entries,
            at=archive.clock.now_ms(),
            paused=paused,
        )
        receipt = archive.writer.submit(write).result()
        if isinstance(receipt, Imported):
            new += len(receipt.new)
            duplicate += receipt.duplicate
        duplicate += len(feeds.duplicates)
        rejects += rejects_of(taken)
    return ImportSummary(
        new=new,
        duplicate=duplicate,
        rejected=len(rejects),
        rejects=tuple(rejects),
        notes=notes_of(lists),
    )


def rejects_alone(lists: Sequence[NamedList]) -> ImportSummary | None:
    """Return what there is to say of lists of which no line can be taken; else ``None``."""
    if any(taken.feeds.entries for taken in lists):
        return None
    rejects = tuple(reject for taken in lists for reject in rejects_of(taken))
    return ImportSummary(rejected=len(rejects), rejects=rejects, notes=notes_of(lists))


def exit_code(lists: Sequence[NamedList]) -> int:
    """Return 2 when there are lines and none could be taken; some bad ones are no failure."""
    is_taken = any(taken.feeds.entries for taken in lists)
    return 0 if is_taken or not any(taken.feeds.rejected for taken in lists) else 2


def notes_of(lists: Sequence[NamedList]) -> tuple[str, ...]:
    """Return what is worth knowing about each list, with its name."""
    return tuple(f"{taken.name}: {note}" for taken in lists for note in taken.feeds.notes)


def rejects_of(taken: NamedList) -> list[dict[str, object]]:
    """Return the rejected lines of a list for JSON."""
    return [
        {"list": taken.name, "line": line.line, "text": line.text, "reason": line.reason}
        for line in taken.feeds.rejected
    ]


def in_words(summary: ImportSummary) -> str:
    """Return how many lines became what."""
    return f"{summary.new} new, {summary.duplicate} duplicate, {summary.rejected} rejected"


def report(summary: ImportSummary) -> None:
    """Say on stderr what became of the lines."""
    remark(in_words(summary))
    say_details(summary.rejects, summary.notes)


def report_outcomes(outcomes: Sequence[ListOutcome]) -> None:
    """Say on stderr what the configured lists did, and what has to be looked at."""
    for outcome in outcomes:
        read, feeds = outcome.read, outcome.file.feeds
        if read is not None and feeds is not None:
            remark(counts(outcome.file.name, read, feeds))
            taken = NamedList(outcome.file.name, feeds)
            say_details(rejects_of(taken), notes_of((taken,)))
        if outcome.file.is_same:
            remark(f"{outcome.file.name}: unchanged")
        if outcome.warning:
            say(f"podfetch: {outcome.warning}")


def say_details(rejects: Sequence[dict[str, object]], notes: Sequence[str]) -> None:
    """Say on stderr which lines were rejected and why, the first of many, and what else is."""
    for reject in rejects[:MOST_REJECTED_SHOWN]:
        say(f"  {reject['list']}:{reject['line']}: {reject['reason']}: {reject['text']}")
    for note in notes:
        say(f"  {note}")
    if len(rejects) > MOST_REJECTED_SHOWN:
        say(f"  … and {len(rejects) - MOST_REJECTED_SHOWN} more")


def _source(name: str) -> str:
    """Return the name under which the archive knows a list."""
    return name if name in (STDIN, COMMAND) else list_name(Path(name))


def _read(name: str, allow_private: tuple[str, ...]) -> FeedList:
    if name != STDIN:
        return read_list_file(Path(name), allow_private=allow_private)
    data = sys.stdin.buffer.read(LARGEST + 1)
    return read_list(data, name="standard input", allow_private=allow_private)
