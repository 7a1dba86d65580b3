"""What a media file is, by its bytes."""

from __future__ import annotations

from enum import Enum

import msgspec

NO_LENGTH = "the server did not declare its length"
"""Problem of a file that may have been cut off without anybody knowing."""


class Validity(str, Enum):
    """How far the bytes of an archived file can be trusted to be whole media."""

    VALID = "valid"
    SUSPECT = "suspect"
    """Kept, but damaged, cut short or of no known container."""
    UNVERIFIED = "unverified"
    """Not checked (``validate = off``), or the length was never declared."""


class Sniffed(msgspec.Struct, frozen=True):
    """What the first bytes say."""

    container: str
    """``mp3 mp4 ogg flac wav aac matroska asf …``; ``text html json xml empty``; or empty."""
    extension: str
    """File extension with its dot; empty when nothing is known."""
    media_type: str
    is_media: bool
    """A container of the closed list of media."""
    is_refused: bool
    """Certainly not media: empty, HTML, text, JSON, XML, a playlist, an archive, a picture."""


class MediaInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What the probe found inside a container."""

    container: str = ""
    codec: str = ""
    duration_s: float | None = None
    bit_rate: int | None = None
    sample_rate: int | None = None
    channels: int | None = None
    video: bool = False
    problem: str = ""
    """Why the file is suspect; empty when it is whole."""
