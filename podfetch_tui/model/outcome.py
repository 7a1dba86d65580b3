"""How one job ended: the row that the audit keeps."""

from __future__ import annotations

from enum import Enum

import msgspec

from podfetch_tui.model.errors import Family

Digest = bytes
"""32 bytes of SHA-256, or none; a name of its own, for :class:`Outcome` counts ``bytes``."""


class JobKind(str, Enum):
    """What a job does; also the ``kind`` of its outcome."""

    POLL = "poll"
    DOWNLOAD = "download"
    DERIVE = "derive"
    """Sidecar and other derivatives of an episode that is archived already."""


class Result(str, Enum):
    """How it ended."""

    SUCCESS = "success"
    PARTIAL = "partial"
    """The original is archived; something derived from it failed and is retried."""
    FAILURE = "failure"
    DEFERRED = "deferred"
    """The host named a time to come back; neither success nor failure."""
    STOPPED = "stopped"
    """The engine stopped first; the work goes on later."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt, whatever came of it."""

    at: int
    """UTC milliseconds at which it ended."""
    job: JobKind
    result: Result
    feed_id: int
    episode_id: int | None = None
    family: Family | None = None
    """``None`` on success."""
    code: str = "ok"
    """Stable word: ``ok not_modified unchanged archived`` or the code of the failure."""
    detail: str = ""
    """One cleaned line for humans, at most 500 characters."""
    status: int | None = None
    host: str = ""
    duration_ms: int = 0
    bytes: int = 0
    """Body bytes received from the network."""
    sha256: Digest = b""
    """Digest of the feed's body as it was parsed; empty where there was none."""
    attempt: int = 1
    """Attempt within this run of the engine, from 1."""
