"""Where the programs are that we run: on the PATH, ``ffmpeg`` else in a package made for it."""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path
from typing import Any

from podfetch_tui.model.errors import Failure, Kind
from podfetch_tui.model.settings import MediaSettings


def ffmpeg() -> str:
    """Return the absolute path of ``ffmpeg``: from the PATH, else from the extra ``[ffmpeg]``.

    Raises:
        Failure: ``NO_PROGRAM``: there is none.
    """
    found = shutil.which("ffmpeg")
    if found is not None:
        return str(Path(found).absolute())
    try:
        bundle: Any = importlib.import_module("imageio_ffmpeg")
        return str(Path(bundle.get_ffmpeg_exe()).absolute())
    except (ImportError, RuntimeError, OSError):
        raise Failure(
            Kind.NO_PROGRAM,
            "there is no ffmpeg: install it, or PodFetch's extra [ffmpeg]",
        ) from None


def ffprobe() -> str:
    """Return the absolute path of ``ffprobe``.

    Raises:
        Failure: ``NO_PROGRAM``: there is none.
    """
    found = shutil.which("ffprobe")
    if found is None:
        raise Failure(
            Kind.NO_PROGRAM,
            "media.prober is ffprobe, and there is none: install FFmpeg, or set"
            " media.prober = libav, which needs no program",
        )
    return str(Path(found).absolute())


def require_prober(settings: MediaSettings) -> None:
    """Look whether a file could be examined, before an engine starts or bytes are fetched.

    Raises:
        Failure: ``NO_PROGRAM``: the program that the settings ask for is not there.
    """
    if settings.prober == "ffprobe" and settings.validate != "off":
        ffprobe()
