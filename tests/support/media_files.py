"""Small media files, encoded here and now: silence with a tone, and moving bars."""

from __future__ import annotations

import math
from array import array
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import av.audio.frame
import av.video.frame
from av.audio.stream import AudioStream

RATE = 48_000
_SAMPLES = 960

KINDS: dict[str, tuple[str, str, str]] = {
    # kind: muxer, codec, container as sniffed
    "mp3": ("mp3", "libmp3lame", "mp3"),
    "m4a": ("ipod", "aac", "mp4"),
    "mp4": ("mp4", "aac", "mp4"),
    "mov": ("mov", "aac", "mp4"),
    "3gp": ("3gp", "aac", "mp4"),
    "opus": ("opus", "libopus", "ogg"),
    "oga": ("ogg", "flac", "ogg"),
    "flac": ("flac", "flac", "flac"),
    "wav": ("wav", "pcm_s16le", "wav"),
    "w64": ("w64", "pcm_s16le", "w64"),
    "aiff": ("aiff", "pcm_s16be", "aiff"),
    "caf": ("caf", "pcm_s16be", "caf"),
    "aac": ("adts", "aac", "aac"),
    "mka": ("matroska", "libopus", "matroska"),
    "webm": ("webm", "libopus", "matroska"),
    "avi": ("avi", "libmp3lame", "avi"),
    "wma": ("asf", "wmav2", "asf"),
    "ts": ("mpegts", "aac", "mpegts"),
    "mpg": ("mpeg", "mp2", "mpegps"),
    "mp2": ("mp2", "mp2", "mp3"),
}
FORMATS_OF_SAMPLES = {
    "libmp3lame": "s16p", "aac": "fltp", "libopus": "s16", "flac": "s16", "pcm_s16le": "s16",
    "pcm_s16be": "s16", "wmav2": "fltp", "mp2": "s16",
}  # fmt: skip


def make_media(
    path: Path, kind: str, *, seconds: float = 2.0, video: bool = False, bit_rate: int = 64_000
) -> Path:
    """Write a file of one of :data:`KINDS` and return its path."""
    muxer, codec, _ = KINDS[kind]
    with av.open(str(path), mode="w", format=muxer) as container:
        sound = cast(AudioStream, container.add_stream(codec, rate=RATE))
        sound.bit_rate = bit_rate
        sound.layout = "mono"
        pictures = None
        if video:
            pictures = container.add_stream("mpeg4", rate=25)
            pictures.width, pictures.height, pictures.pix_fmt = 64, 48, "yuv420p"
        resampler = av.AudioResampler(FORMATS_OF_SAMPLES[codec], "mono", RATE)
        for at in range(0, int(seconds * RATE), _SAMPLES):
            for frame in resampler.resample(_tone(at)):
                container.mux(sound.encode(frame))
        if pictures is not None:
            for number in range(int(seconds * 25)):
                picture = av.video.frame.VideoFrame(64, 48, "yuv420p")
                picture.pts, picture.time_base = number, Fraction(1, 25)
                container.mux(pictures.encode(picture))
            container.mux(pictures.encode(None))
        container.mux(sound.encode(None))
    return path


_WAVE = array("h", (int(8000 * math.sin(i * math.tau / 96)) for i in range(_SAMPLES))).tobytes()


def _tone(at: int) -> av.audio.frame.AudioFrame:
    frame = av.audio.frame.AudioFrame("s16", "mono", _SAMPLES)
    frame.planes[0].update(_WAVE)
    frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
    return frame


def id3(length: int) -> bytes:
    """Return an ID3v2.3 tag of ``length`` bytes in all, most of it padding."""
    size = length - 10
    return (
        b"ID3\x03\x00\x00" + bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0)) + bytes(size)
    )
