"""The writes of step P8, as values: what is made of an archived file, or fetched beside it.

They go with those of ``model.writes``, to the same writer.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from podfetch_tui.model.media import Validity

CHAPTERS = "chapters"
LENGTH = "length"
"""No file: the host of a file without a declared length is to be asked once more."""
TRANSCRIPT = "transcript"
MOST_TRANSCRIPTS = 20


def is_transcript(kind: str) -> bool:
    """Say whether a kind is one of those of :func:`transcript_kinds`."""
    return kind.partition("-")[0] == TRANSCRIPT


def transcript_kinds() -> Iterator[str]:
    """Yield the kinds that an episode's transcripts have: ``transcript``, ``transcript-2`` on."""
    yield TRANSCRIPT
    for number in range(2, MOST_TRANSCRIPTS + 1):
        yield f"{TRANSCRIPT}-{number}"


class SealDerivative(msgspec.Struct, frozen=True, kw_only=True):
    """P8, before its publication: the file is whole and synced; it gets a name of its own.

    The receipt is :class:`Reserved`, or :class:`Shared` when the feed has the same file from the
    same source.
    """

    episode_id: int
    kind: str
    path: str
    """Wanted path below the root."""
    sha256: bytes
    size: int
    media_type: str = ""
    source_url: str = ""
    """Where the bytes came from; empty for what is made of the media."""
    alone: bool = False
    """Not to be shared: the other file never came."""
    taken: bool = False
    """The name that is reserved was taken on the disk: reserve another."""
    at: int


class Derive(msgspec.Struct, frozen=True, kw_only=True):
    """P8: how one derivative ended. A failure leaves what was recorded of an earlier file."""

    episode_id: int
    kind: str
    path: str = ""
    sha256: bytes = b""
    size: int = 0
    media_type: str = ""
    source_url: str = ""
    error: str = ""
    """Empty when it is done."""
    next_attempt_at: int | None = None
    """When a failed one is tried again."""
    absent: bool = False
    """There is no such file, says its host; settled with ``error`` as the reason."""
    struck: bool = False
    """It is no longer wanted and there is no file: the row goes."""


class Rejudge(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of an archived file that was not verified: somebody looked again."""

    episode_id: int
    validity: Validity
    problem: str


class PostponeDerivatives(msgspec.Struct, frozen=True, kw_only=True):
    """A run that was to make derivatives broke off; what is due waits."""

    episode_id: int
    until: int
    """UTC milliseconds."""
    error: str


class DeriveEpisodes(msgspec.Struct, frozen=True, kw_only=True, tag=True):
    """Look at all derivatives of archived episodes again, and make those that are not there.

    Receipt: :class:`model.decisions.Decided`.
    """

    episode_ids: tuple[int, ...]
    kinds: tuple[str, ...]
    """Kinds the settings ask for; a run strikes what an episode has no source for."""
    reason: str = ""
    """Why, in the operator's words."""
    actor: str = "command"
    at: int


class Shared(msgspec.Struct, frozen=True):
    """Receipt of a :class:`SealDerivative` whose very bytes the feed has from the same source."""

    path: str
