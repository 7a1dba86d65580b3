"""What is inside a media file, by FFmpeg's libraries. Runs in the sandbox; imports ``av``.

The file is given to the library as an open Python file: it has no path and no protocol to follow
anything else with. Demuxer and decoders are named by :mod:`formats`.
"""

from __future__ import annotations

import os
import stat
from math import inf
from typing import Any, BinaryIO

import av
import av.error
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition, Stream
from msgspec.structs import replace

from podfetch_tui.media.conclude import Facts, Track, conclude, unreadable, wanted_mode
from podfetch_tui.media.formats import DECODERS, FORMATS, PICTURES
from podfetch_tui.media.shape import shape_of
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.media import MediaInfo
from podfetch_tui.model.sandboxed import ProbeMode, ProbeParams

_BUFFER = 64 << 10
_NO_PROTOCOL = "none"
# Up to 18 a tag that is no UTF-8 makes PyAV give a good file up unless told so; later it never
# does, and refuses to be told.
_LENIENT: dict[str, Any] = (
    {"metadata_errors": "replace"} if hasattr(InputContainer, "metadata_errors") else {}
)


def probe(_payload: bytes, params: ProbeParams) -> MediaInfo:
    """Look into a file.

    Raises:
        Failure: ``EMPTY_MEDIA`` for an empty file, ``NOT_MEDIA`` for a container that is none of
            ours. A damaged file is no failure: its ``problem`` says what is wrong.
        OSError: The file cannot be read.
    """
    # O_NONBLOCK: whatever was put in the place of a file must not make us wait for a writer.
    handle = os.open(params.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with open(handle, "rb", buffering=0) as file:  # noqa: PTH123
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise Failure(Kind.NOT_MEDIA, "not a file")
        if status.st_size == 0:
            raise Failure(Kind.EMPTY_MEDIA, "the file is empty")
        shape = shape_of(file, params.container)
        name = FORMATS.get(params.container)
        if name is None:
            return unreadable(params.container, "there is no reader for this container", shape)
        try:
            facts = _look(_Source(file, status.st_size), name, wanted_mode(params.mode, shape))
        except (av.error.FFmpegError, ValueError) as error:
            return unreadable(params.container, _reason(error), shape)
        return conclude(params.container, status.st_size, facts, shape)


class _Source:
    """The file as FFmpeg may use it: a place outside it is its end, and never an exception."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self.read = file.read
        self.tell = file.tell
        file.seek(0)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if whence == os.SEEK_CUR:
            offset += self._file.tell()
        elif whence == os.SEEK_END:
            offset += self._size
        return self._file.seek(offset if 0 <= offset <= self._size else self._size)


def _look(file: _Source, name: str, mode: ProbeMode) -> Facts:
    options = {"protocol_whitelist": _NO_PROTOCOL, "format_whitelist": name}
    with av.open(
        file,
        mode="r",
        format=name,
        options={**options, "codec_whitelist": DECODERS},
        buffer_size=_BUFFER,
        io_open=_refuse,
        **_LENIENT,
    ) as container:
        sound = container.streams.best("audio")
        pictures = _moving_pictures(container)
        streams = [stream for stream in (sound, pictures) if stream is not None]
        facts = Facts(
            audio=_track(sound) if sound else None,
            video=_track(pictures) if pictures else None,
            duration_s=container.duration / av.time_base if container.duration else None,
            bit_rate=container.bit_rate or None,
        )
        if mode == "header" or not streams:
            return facts
        return _read_all(container, streams, facts, decode=mode == "decode")


def _refuse(url: str, _flags: int, _options: object) -> None:
    """Open nothing: a media file of the closed list has no business with a second file."""
    raise PermissionError(f"refused to open {url[:100]!r}")


def _moving_pictures(container: InputContainer) -> Stream | None:
    for stream in container.streams.video:
        attached = stream.disposition & Disposition.attached_pic
        if not attached and _codec(stream) not in PICTURES:
            return stream
    return None


def _track(stream: Stream) -> Track:
    base = stream.time_base
    length = float(stream.duration * base) if stream.duration and base else None
    if not isinstance(stream, AudioStream):
        return Track(codec=_codec(stream), duration_s=length)
    context = stream.codec_context
    return Track(
        codec=_codec(stream),
        duration_s=length,
        sample_rate=getattr(context, "sample_rate", None) or None,
        channels=getattr(context, "channels", None) or None,
    )


def _codec(stream: Stream) -> str:
    """FFmpeg's name of the codec, not that of the decoder it picked (``mp3``, not ``mp3float``)."""
    context = stream.codec_context
    # None for a codec that FFmpeg only knows by number, whatever the stubs say.
    return context.codec.canonical_name if context is not None else ""  # type: ignore[redundant-expr]


def _read_all(
    container: InputContainer, streams: list[Stream], facts: Facts, *, decode: bool
) -> Facts:
    """Read every packet to the end, and decode them where that is asked."""
    start, end, packets, frames = inf, -inf, 0, 0
    bases = {stream.index: float(stream.time_base or 0) for stream in streams}
    # Asked to decode what it has no codec for, PyAV 17 dies instead of raising.
    decode = decode and all(_codec(stream) for stream in streams)
    for packet in container.demux(streams):
        if packet.size:
            packets += 1
            moment = packet.pts if packet.pts is not None else packet.dts
            if moment is not None:
                base = bases[packet.stream_index]
                start = min(start, moment * base)
                end = max(end, (moment + (packet.duration or 0)) * base)
        if decode:
            frames += _decoded(packet)
    return replace(
        facts,
        measured_s=end - start if end > start else None,
        packets=packets,
        frames=frames if decode else None,
    )


def _decoded(packet: Packet[Stream]) -> int:
    try:
        return len(packet.decode())
    except av.error.FFmpegError:
        return 0


def _reason(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error))[:200]
