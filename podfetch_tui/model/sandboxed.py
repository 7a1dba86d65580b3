"""What is handed to a sandboxed child besides the bytes it works on."""

from __future__ import annotations

from typing import Literal

import msgspec

from podfetch_tui.model.document import FeedDocument

ProbeMode = Literal["header", "full", "decode"]
"""How far the probe goes: the headers, every packet, or every packet decoded."""


class ParseParams(msgspec.Struct, frozen=True):
    """What a parser has to know of the answer a body came in; the fast path takes no types."""

    url: str
    """The URL the body came from; relative links are resolved against it."""
    content_type: str = ""
    """The raw ``Content-Type`` field; empty when there was none."""
    content_location: str = ""
    max_items: int = 10_000
    """Items beyond this many are dropped, in document order."""


class Scanned(msgspec.Struct, frozen=True):
    """What the fast path made of a body."""

    document: FeedDocument | None
    """``None``: not for the fast path, ask the tolerant parser."""


class ProbeParams(msgspec.Struct, frozen=True):
    """Which file to probe, and how."""

    path: str
    """Absolute path of a local file."""
    container: str
    """The container as sniffed (``model.media.Sniffed.container``); it is forced on the
    prober, so that a file can never be taken for a playlist or another format."""
    mode: ProbeMode = "full"
