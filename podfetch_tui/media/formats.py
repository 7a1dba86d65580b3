"""Which of FFmpeg's demuxers and decoders may see a file: named by us, never guessed by it.

Guessing is how a playlist gets read as one, and each decoder less is a door less. Both probers
use these lists.
"""

from __future__ import annotations

from collections.abc import Mapping

FORMATS: Mapping[str, str] = {
    "mp3": "mp3",
    "aac": "aac",
    "mp4": "mov",
    "ogg": "ogg",
    "flac": "flac",
    "wav": "wav",
    "w64": "w64",
    "aiff": "aiff",
    "matroska": "matroska",
    "asf": "asf",
    "avi": "avi",
    "mpegps": "mpeg",
    "mpegts": "mpegts",
    "amr": "amr",
    "caf": "caf",
}
"""Container as sniffed → the demuxer that is forced on it. ``adif`` has none."""

DECODERS = ",".join(
    (
        "aac,aac_latm,ac3,eac3,alac,amrnb,amrwb,flac,gsm,gsm_ms,opus,speex,libspeex,vorbis",
        "mp1,mp1float,mp2,mp2float,mp3,mp3float,qdm2,qdmc,mace3,mace6",
        "wmav1,wmav2,wmapro,wmalossless,wmavoice",
        "adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,adpcm_yamaha",
        "pcm_alaw,pcm_mulaw,pcm_u8,pcm_s8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be",
        "pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_bluray,pcm_dvd",
        "h263,h264,hevc,mpeg1video,mpeg2video,mpeg4,msmpeg4,msmpeg4v1,msmpeg4v2,theora",
        "vp8,vp9,libdav1d,av1,svq1,svq3,wmv1,wmv2,wmv3,vc1",
    )
)
"""Decoders that may run. Those of pictures are not among them: covers are not looked at."""

PICTURES = frozenset({"mjpeg", "png", "bmp", "gif", "webp", "tiff"})
"""Codecs whose streams are covers and chapter images, not moving pictures."""
