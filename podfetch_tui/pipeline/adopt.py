"""After a restore: files the catalogue does not know are taken in, rows without files are marked.

A file comes in by its sidecar, which says what it is and whose. The steps are those of a
download whose file is published already: claim, seal, commit (P0, P5, P7).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable

import msgspec

from podfetch_tui.catalog import episodes, media
from podfetch_tui.catalog.erasures import erasures
from podfetch_tui.catalog.feeds import all_feeds
from podfetch_tui.catalog.open import Catalog
from podfetch_tui.catalog.writer import Writer
from podfetch_tui.model.derivatives import Derive
from podfetch_tui.model.episode import EpisodeState
from podfetch_tui.model.errors import Failure
from podfetch_tui.model.feed import Feed
from podfetch_tui.model.media import MediaInfo
from podfetch_tui.model.outcome import JobKind, Outcome, Result
from podfetch_tui.model.text import redact
from podfetch_tui.model.writes import (
    Archive,
    Claim,
    EpisodeEnd,
    Polled,
    RecordPoll,
    Reserved,
    Seal,
    Sealed,
    SetEpisodeState,
)
from podfetch_tui.pipeline.found_sidecar import (
    DerivativePart,
    FoundSidecar,
    draft_of,
    read_sidecar,
)
from podfetch_tui.storage.layout import Layout
from podfetch_tui.storage.sidecar import sidecar_path
from podfetch_tui.storage.verify import Check, check_file, walk

_LOST = "not on the disk after a restore"
_ADOPTABLE = (
    EpisodeState.PENDING,
    EpisodeState.CLAIMED,
    EpisodeState.FAILED,
    EpisodeState.GONE,
)


class Adopted(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the files and rows."""

    adopted: tuple[int, ...]
    """Episodes whose file was found and taken in."""
    missing: tuple[int, ...]
    """Episodes whose file is not on the disk; they are marked so."""
    foreign: tuple[str, ...]
    """Files that nobody knows, with the path below the root."""


def adopt(
    layout: Layout,
    catalog: Catalog,
    writer: Writer,
    *,
    now: int,
    deep: bool,
) -> Adopted:
    """Bring catalogue and disk together, as far as sidecars tell.

    Args:
        layout: The archive, under its lock; no engine runs.
        catalog: Its catalogue, which was restored.
        writer: Its writer.
        now: UTC milliseconds.
        deep: Compare the digest of each file that is taken in, not its size alone.

    Raises:
        Failure: Disk or catalogue refused.
    """
    return _Adoption(layout, catalog, writer, now, deep=deep).run()


class _Adoption:
    """One pass over catalogue and disk."""

    def __init__(
        self,
        layout: Layout,
        catalog: Catalog,
        writer: Writer,
        now: int,
        *,
        deep: bool,
    ) -> None:
        self._layout = layout
        self._catalog = catalog
        self._writer = writer
        self._now = now
        self._deep = deep
        self._feeds = _by_shown_url(all_feeds(catalog))
        self._known: tuple[int, dict[bytes, int]] | None = None

    def run(self) -> Adopted:
        """Mark what is missing, take in what can be, name the rest."""
        known, missing = self._look_at_rows()
        foreign = [path for path, _ in walk(self._layout) if path not in known]
        there = set(foreign)
        adopted: list[int] = []
        for path in foreign:
            if path in there and sidecar_path(path) in there:
                self._adopt(path, there, adopted)
        return Adopted(
            adopted=tuple(adopted),
            missing=tuple(missing),
            foreign=tuple(path for path in foreign if path in there),
        )

    def _look_at_rows(self) -> tuple[set[str], list[int]]:
        """Return the paths that rows know, and the episodes whose file is not there."""
        known = set(erasures(self._catalog))
        # What is sealed is published by recovery, which compares it with its row.
        known.update(row.episode.path for row in episodes.in_flight(self._catalog) if _seals(row))
        # What was missing before is found, or not, by the next look of `verify`.
        known.update(file.path for file in media.files(self._catalog, EpisodeState.MISSING))
        missing: list[int] = []
        for file in media.files(self._catalog):
            known.add(file.path)
            if file.kind == "media" and not os.path.lexists(self._layout.media(file.path)):
                missing.append(file.episode_id)
        for number in missing:
            self._writer.submit(
                SetEpisodeState(episode_id=number, state=EpisodeState.MISSING, reason=_LOST),
                lazy=True,
            )
        self._writer.flush()
        return known, missing

    def _adopt(self, path: str, there: set[str], adopted: list[int]) -> None:
        found = read_sidecar(self._layout, path)
        if found is None or found.archive != self._layout.uuid or found.media.path != path:
            return
        try:
            digest = bytes.fromhex(found.media.sha256)
            sha256 = digest if self._deep else b""
            same = check_file(self._layout, path, size=found.media.bytes, sha256=sha256)
        except ValueError:
            return
        feed = self._feeds.get(found.feed.url)
        if same is not Check.OK or feed is None or len(digest) != 32:
            return
        number = self._row_of(feed, found)
        if number is None or not self._take_in(feed, number, found, digest):
            return
        adopted.append(number)
        there.discard(path)
        there.discard(sidecar_path(path))
        self._keep_derivatives(number, path, found, there)

    def _row_of(self, feed: Feed, found: FoundSidecar) -> int | None:
        """Return the episode that is to have the file; a new row if nobody knows it."""
        draft = draft_of(found.episode)
        if draft is None:
            return None
        keys = self._keys_of(feed)
        owner = next((keys[key] for key, _ in draft.keys if key in keys), None)
        if owner is not None:
            row = episodes.get_episode(self._catalog, owner)
            return owner if row is not None and row.state in _ADOPTABLE else None
        record = RecordPoll(
            feed_id=feed.id,
            at=self._now,
            folder=found.feed.folder or None,
            new=(draft,),
            new_states=(EpisodeState.PENDING,),
            new_reasons=("",),
        )
        receipt = self._writer.submit(record).result()
        if not isinstance(receipt, Polled) or not receipt.pending:
            return None
        keys.update((key, receipt.pending[0]) for key, _ in draft.keys)
        return receipt.pending[0]

    def _keys_of(self, feed: Feed) -> dict[bytes, int]:
        """Return every key of a feed and whose it is; files come feed by feed."""
        if self._known is None or self._known[0] != feed.id:
            self._known = (feed.id, episodes.known(self._catalog, feed.id).keys)
        return self._known[1]

    def _take_in(self, feed: Feed, number: int, found: FoundSidecar, digest: bytes) -> bool:
        """Claim, seal and commit the file where it is; say whether it could be."""
        path, submit = found.media.path, self._writer.submit
        try:
            reserved = submit(
                Claim(episode_id=number, part=f"{number}-0.part", path=path, at=self._now)
            ).result()
            if not isinstance(reserved, Reserved) or reserved.path != path:
                self._give_back(number)
                return False
            sealed = submit(
                Seal(
                    episode_id=number,
                    sha256=digest,
                    size=found.media.bytes,
                    path=path,
                    media_type=found.media.media_type or "",
                    info=MediaInfo(duration_s=found.media.duration_s),
                    validity=found.media.validity,
                    at=self._now,
                )
            ).result()
            if not isinstance(sealed, Sealed) or sealed.path != path:
                self._give_back(number)
                return False
            submit(
                Archive(
                    episode_id=number,
                    media_path=path,
                    outcome=self._outcome(feed, number, path),
                    at=self._now,
                )
            ).result()
        except Failure:
            return False  # an operator's decision stands in the way; the file stays foreign
        return True

    def _give_back(self, number: int) -> None:
        end = EpisodeEnd(
            episode_id=number,
            state=EpisodeState.PENDING,
            next_attempt_at=self._now,
            keep_part=False,
        )
        self._writer.submit(end).result()

    def _outcome(self, feed: Feed, number: int, path: str) -> Outcome:
        return Outcome(
            at=self._now,
            job=JobKind.DOWNLOAD,
            result=Result.SUCCESS,
            feed_id=feed.id,
            episode_id=number,
            code="adopted",
            detail=path[:500],
        )

    def _keep_derivatives(
        self, number: int, path: str, found: FoundSidecar, there: set[str]
    ) -> None:
        """Record the further files of the episode that are there, and its sidecar."""
        for made in found.derivatives:
            if made.path not in there:
                continue
            try:
                digest = bytes.fromhex(made.sha256)
                same = check_file(self._layout, made.path, size=made.bytes)
            except ValueError:
                continue
            if same is Check.OK:
                self._derive(number, made, digest)
                there.discard(made.path)
        side = self._layout.media(sidecar_path(path)).read_bytes()
        self._sidecar(number, path, side)

    def _derive(self, number: int, made: DerivativePart, digest: bytes) -> None:
        write = Derive(
            episode_id=number,
            kind=made.kind,
            path=made.path,
            sha256=digest,
            size=made.bytes,
            media_type=made.media_type or "",
            source_url=made.source_url or "",
        )
        self._writer.submit(write).result()

    def _sidecar(self, number: int, path: str, data: bytes) -> None:
        write = Derive(
            episode_id=number,
            kind="sidecar",
            path=sidecar_path(path),
            sha256=hashlib.sha256(data).digest(),
            size=len(data),
        )
        self._writer.submit(write).result()


def _seals(row: episodes.EpisodeJobRow) -> bool:
    return row.episode.state is EpisodeState.SEALED


def _by_shown_url(feeds: Iterable[Feed]) -> dict[str, Feed]:
    """Return feeds by the URL that a sidecar has; one that two feeds share says nothing."""
    found: dict[str, Feed] = {}
    shared: set[str] = set()
    for feed in feeds:
        url = redact(feed.url)
        if url in found:
            shared.add(url)
        found[url] = feed
    return {url: feed for url, feed in found.items() if url not in shared}
