"""Reading the lists of ``[feeds] lists``: at a start, and whenever one of their files changes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Union

import msgspec

from podfetch_tui import __version__
from podfetch_tui.config.sources import FeedList, list_name, read_bytes, read_list, shown_name
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.list_writes import ListFailed, ListRead, ReadList
from podfetch_tui.system.clock import Clock

if TYPE_CHECKING:  # lists are read before the catalogue's code is needed
    from podfetch_tui.catalog.list_members import ListState
    from podfetch_tui.catalog.writer import TakesWrites


class ListFile(msgspec.Struct, frozen=True, kw_only=True):
    """A list as its file stands now."""

    name: str
    """Its whole path, under which the archive knows it."""
    feeds: FeedList | None = None
    problem: str = ""
    """Why it cannot be read; names file and line."""
    digest: bytes = b""
    """Of the file and of what decides how it is read."""
    is_same: bool = False
    """It is the very list that was taken in last; it was not even parsed."""


class ListOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a list did to the archive."""

    file: ListFile
    read: ListRead | None = None
    """``None``: it is the same as before or could not be read, and nothing was changed."""

    @property
    def warning(self) -> str:
        """What the operator has to look at; empty when there is nothing."""
        from podfetch_tui.catalog.apply_lists import held_text

        if self.file.problem:
            return f"{self.file.problem}; no feed of this list is paused for that"
        return held_text(self.file.name, self.read) if self.read and self.read.held else ""


def in_words(outcome: ListOutcome) -> str:
    """Return what a list did, or why nothing; empty when it is as it was."""
    read, feeds = outcome.read, outcome.file.feeds
    if outcome.warning or read is None or feeds is None:
        return outcome.warning
    return counts(outcome.file.name, read, feeds)


def counts(name: str, read: ListRead, feeds: FeedList) -> str:
    """Return how many feeds a list that was taken in added, changed and paused."""
    return (
        f"{name}: {len(read.new)} new, {read.updated} changed,"
        f" {read.removed} paused, {len(feeds.rejected)} rejected"
    )


def read_files(
    paths: Iterable[Union[str, Path]],
    allow_private: Sequence[str],
    known: Mapping[str, ListState] | None = None,
) -> list[ListFile]:
    """Read lists, each as far as it goes; two paths of one file are one list.

    Args:
        paths: The files.
        allow_private: As in the settings.
        known: What the archive knows of its lists, by name; without it every list is parsed.
    """
    files = {}
    for path in map(Path, paths):
        name = list_name(path)
        if name not in files:
            files[name] = _read_file(path, name, allow_private, (known or {}).get(name))
    return list(files.values())


def _read_file(
    path: Path, name: str, allow_private: Sequence[str], state: ListState | None
) -> ListFile:
    try:
        data = read_bytes(path)
        digest = _digest(data, allow_private)
        if state is not None and state.digest == digest.hex().upper():
            return ListFile(name=name, digest=digest, is_same=True)
        feeds = read_list(data, name=shown_name(path), allow_private=allow_private)
    except UsageError as error:
        return ListFile(name=name, problem=str(error))
    return ListFile(name=name, feeds=feeds, digest=digest)


def _digest(data: bytes, allow_private: Sequence[str]) -> bytes:
    """Another version of this program may read the same bytes in another way."""
    terms = " ".join((__version__, *allow_private)).encode()
    return hashlib.blake2b(data, digest_size=16, key=hashlib.blake2b(terms).digest()).digest()


def refuse_unknown(files: Sequence[ListFile], known: Mapping[str, ListState]) -> None:
    """Refuse lists that cannot be read and never were: they are named wrongly, or broken.

    Raises:
        UsageError: There is such a list; names file and line.
    """
    for file in files:
        if file.problem and file.name not in known:
            raise UsageError(file.problem)


def take_lists(
    files: Sequence[ListFile],
    writer: TakesWrites,
    clock: Clock,
    *,
    paused: bool = False,
    accept: bool = False,
) -> list[ListOutcome]:
    """Take lists in, each whole or not at all.

    Args:
        files: As :func:`read_files` gives them.
        writer: Of the archive.
        clock: Says when.
        paused: New feeds start paused.
        accept: The operator has said that what is gone from them may be paused.

    Raises:
        Failure: The catalogue could not be written.
    """
    outcomes = []
    for file in files:
        read = None
        if not file.is_same:
            write = _write(file, clock.now_ms(), paused=paused, accept=accept)
            receipt = writer.submit(write).result()
            read = receipt if isinstance(receipt, ListRead) else None
        outcomes.append(ListOutcome(file=file, read=read))
    return outcomes


def _write(file: ListFile, now: int, *, paused: bool, accept: bool) -> ReadList | ListFailed:
    feeds = file.feeds
    if feeds is None:
        return ListFailed(source=file.name, problem=file.problem, at=now)
    return ReadList(
        source=file.name,
        feeds=feeds.entries,
        mentioned=feeds.mentioned,
        unreadable=feeds.unreadable,
        tail=feeds.tail,
        digest=file.digest,
        at=now,
        paused=paused,
        accept=accept,
    )
