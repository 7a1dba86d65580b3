"""Chapters and transcripts that a feed names only after their episode was archived."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, select

from podfetch_tui.catalog.apply_derivatives import make_due
from podfetch_tui.catalog.changes import Changes
from podfetch_tui.catalog.note import decode_note
from podfetch_tui.catalog.schema import episode_note
from podfetch_tui.catalog.schema_audit import derivative
from podfetch_tui.catalog.statements import Statement
from podfetch_tui.model.derivatives import (
    CHAPTERS,
    TRANSCRIPT,
    is_transcript,
    transcript_kinds,
)
from podfetch_tui.model.document import Item
from podfetch_tui.model.episode import EpisodeState

_ASKED = {CHAPTERS, TRANSCRIPT}
_KINDS = Statement(
    lambda: select(derivative.c.kind).where(derivative.c.episode_id == bindparam("row"))
)
_NOTE = Statement(
    lambda: select(episode_note.c.note).where(episode_note.c.episode_id == bindparam("row"))
)


def note_before(
    changes: Changes, episode_id: int, item: Item, wanted: Iterable[str]
) -> Item | None:
    """Return what stood of an episode, where the feed may have come to name more of it."""
    if not _ASKED.intersection(wanted) or not (item.transcripts or _has_chapters(item)):
        return None
    found = _NOTE.first(changes.cursor, row=episode_id)
    return None if found is None else decode_note(found[0], guid="", title="", published=None)


def fetch_late(
    changes: Changes, episode_id: int, before: Item, item: Item, wanted: Iterable[str], *, at: int
) -> None:
    """Make due what the feed names now and did not name before.

    More transcripts than before are late ones; as many under other URLs are not, for some
    hosts sign their URLs anew for every answer.

    Args:
        changes: The transaction of the poll.
        episode_id: Whose; nothing is made due of one that is not archived.
        before: What stood of it.
        item: What the feed says now.
        wanted: Kinds the settings ask for.
        at: UTC milliseconds.
    """
    chapters = CHAPTERS in wanted and _has_chapters(item) and not _has_chapters(before)
    more = TRANSCRIPT in wanted and len(item.transcripts) > len(before.transcripts)
    if not (chapters or more) or changes.episode(episode_id).state is not EpisodeState.ARCHIVED:
        return
    kinds = {kind for (kind,) in _KINDS.run(changes.cursor, row=episode_id).fetchall()}
    if chapters and CHAPTERS not in kinds:
        make_due(changes, episode_id, CHAPTERS, at)
    if more:
        known = sum(is_transcript(kind) for kind in kinds)
        free = [kind for kind in transcript_kinds() if kind not in kinds]
        for kind in free[: max(0, len(item.transcripts) - known)]:
            make_due(changes, episode_id, kind, at)


def _has_chapters(item: Item) -> bool:
    return bool(item.chapters_url) or (item.extras is not None and bool(item.extras.chapters))
