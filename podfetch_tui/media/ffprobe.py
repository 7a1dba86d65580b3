"""The same look into a file through the ``ffprobe`` program: its arguments and its answers.

Builds argument lists and reads what came back; running the program is somebody else's work. Any
version from 4.4 on is understood. The file's argument begins with ``file:``, so that no name can
be an option or a protocol. Decoders are not limited here: ffprobe gives a file up for one cover
or subtitle whose decoder it may not open.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from math import inf, isfinite
from pathlib import Path

import msgspec
from msgspec.structs import replace

from podfetch_tui.media.conclude import Facts, Track, conclude, unreadable, wanted_mode
from podfetch_tui.media.formats import FORMATS, PICTURES
from podfetch_tui.media.shape import shape_of
from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.media import MediaInfo
from podfetch_tui.model.sandboxed import ProbeParams
from podfetch_tui.model.text import clean
from podfetch_tui.system.decoding import from_json
from podfetch_tui.system.durable import os_failures

OUTPUT_CAP = 64 << 20
"""Bytes of output to allow: a line of 20 bytes for each packet of 20 hours."""


class Output(msgspec.Struct, frozen=True):
    """What came of one run of the program."""

    stdout: bytes
    stderr: str
    problem: str
    """Why it did not end by itself with status 0; empty when it did."""


class _Disposition(msgspec.Struct, frozen=True):
    attached_pic: int = 0


class _Stream(msgspec.Struct, frozen=True):
    index: int
    codec_type: str = ""
    codec_name: str = ""
    sample_rate: str = ""
    channels: int | None = None
    duration: str = ""
    nb_read_frames: str = ""
    disposition: _Disposition = _Disposition()


class _Format(msgspec.Struct, frozen=True):
    duration: str = ""
    bit_rate: str = ""


class _Report(msgspec.Struct, frozen=True):
    streams: list[_Stream] = []
    format: _Format = _Format()


def probe(program: str, params: ProbeParams, run: Callable[[tuple[str, ...]], Output]) -> MediaInfo:
    """Look into a file as ``media.probe.probe`` does, through ``program``.

    Args:
        program: Absolute path of ``ffprobe``.
        params: Which file, and how far to go.
        run: Runs an argument list under limits, without network, keeping
            :data:`OUTPUT_CAP` bytes of output.

    Raises:
        Failure: ``EMPTY_MEDIA`` or ``NOT_MEDIA`` as the other prober; ``PROBE_KILLED`` when the
            program did not end by itself or said nothing of use; what keeps the file from being
            read.
    """
    path = Path(params.path)
    with os_failures("read a downloaded file"):
        if not path.is_file():
            raise Failure(Kind.NOT_MEDIA, "not a file")
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size == 0:
                raise Failure(Kind.EMPTY_MEDIA, "the file is empty")
            shape = shape_of(file, params.container)
    if params.container not in FORMATS:
        return unreadable(params.container, "there is no reader for this container", shape)
    mode = wanted_mode(params.mode, shape)
    told = run(report_argv(program, params, decode=mode == "decode"))
    report = _report(told)
    if report is None:
        return unreadable(params.container, _complaint(told), shape)
    streams = _chosen(report)
    facts = _facts(report, streams)
    if mode != "header" and streams:
        packets = run(packets_argv(program, params))
        facts = _measure(facts, packets, streams, decoded=mode == "decode")
    return conclude(params.container, size, facts, shape)


def report_argv(program: str, params: ProbeParams, *, decode: bool = False) -> tuple[str, ...]:
    """Return the arguments that make ``ffprobe`` describe the file as JSON."""
    counting = ("-count_frames",) if decode else ()
    return (
        *_guarded(program, params),
        *counting,
        "-of",
        "json=c=1",
        "-show_entries",
        "format=duration,bit_rate:stream=index,codec_type,codec_name,"
        "sample_rate,channels,duration,nb_read_frames"
        ":stream_disposition=attached_pic",
        _input(params),
    )


def packets_argv(program: str, params: ProbeParams) -> tuple[str, ...]:
    """Return the arguments that make ``ffprobe`` list stream, moment and length of each packet."""
    return (
        *_guarded(program, params),
        "-of",
        "compact=p=0:nk=0",
        "-show_entries",
        "packet=stream_index,pts_time,dts_time,duration_time",
        _input(params),
    )


def _guarded(program: str, params: ProbeParams) -> tuple[str, ...]:
    demuxer = FORMATS[params.container]
    return (
        program,
        "-hide_banner",
        "-v",
        "error",
        "-protocol_whitelist",
        "file",
        "-format_whitelist",
        demuxer,
        "-f",
        demuxer,
    )


def _input(params: ProbeParams) -> str:
    return f"file:{Path(params.path).absolute()}"


def _report(told: Output) -> _Report | None:
    """Read the JSON; ``None`` when the program refused the file.

    Raises:
        Failure: The program was ended, or what it said is no report.
    """
    if told.problem and not told.stderr:
        raise Failure(Kind.PROBE_KILLED, clean(f"ffprobe {told.problem}"))
    try:
        report = from_json(told.stdout, _Report)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        detail = clean(f"ffprobe {told.problem or 'said nothing of use'}")
        raise Failure(Kind.PROBE_KILLED, detail) from error
    return None if told.problem else report


def _complaint(told: Output) -> str:
    """The reason at the end of ffprobe's last line, without the name of the file."""
    line = told.stderr.strip().rpartition("\n")[2]
    return clean(line.rpartition(": ")[2] or told.problem, 200)


def _chosen(report: _Report) -> dict[str, _Stream]:
    """Pick one stream of sound and one of moving pictures, like the other prober."""
    chosen: dict[str, _Stream] = {}
    for stream in report.streams:
        is_picture = stream.disposition.attached_pic or stream.codec_name in PICTURES
        if stream.codec_type == "audio" or (stream.codec_type == "video" and not is_picture):
            chosen.setdefault(stream.codec_type, stream)
    return chosen


def _facts(report: _Report, streams: dict[str, _Stream]) -> Facts:
    return Facts(
        audio=_track(streams["audio"]) if "audio" in streams else None,
        video=_track(streams["video"]) if "video" in streams else None,
        duration_s=_number(report.format.duration),
        bit_rate=round(_number(report.format.bit_rate) or 0) or None,
    )


def _track(stream: _Stream) -> Track:
    return Track(
        codec="" if stream.codec_name == "unknown" else stream.codec_name,
        duration_s=_number(stream.duration),
        sample_rate=round(_number(stream.sample_rate) or 0) or None,
        channels=stream.channels or None,
    )


def _measure(facts: Facts, told: Output, streams: dict[str, _Stream], *, decoded: bool) -> Facts:
    """Add what the list of packets says; nothing when the list is not whole."""
    if told.problem:
        return facts
    wanted = {str(stream.index) for stream in streams.values()}
    start, end, packets = inf, -inf, 0
    for line in told.stdout.decode("ascii", "replace").splitlines():
        fields = dict(field.partition("=")[::2] for field in line.split("|"))
        if fields.get("stream_index") not in wanted:
            continue
        packets += 1
        moment = _number(fields.get("pts_time", "")) or _number(fields.get("dts_time", ""))
        start = min(start, moment or 0.0)
        end = max(end, (moment or 0.0) + (_number(fields.get("duration_time", "")) or 0.0))
    frames = sum(round(_number(s.nb_read_frames) or 0) for s in streams.values())
    return replace(
        facts,
        measured_s=end - start if end > start else None,
        packets=packets,
        frames=frames if decoded else None,
    )


def _number(text: str) -> float | None:
    """Read a number of ffprobe's; ``N/A``, and what is no finite number, is ``None``."""
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None
