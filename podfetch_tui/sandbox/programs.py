"""Where the programs are that we run: on the PATH, else in a package made for it."""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path
from typing import Any

from podfetch_tui.model.errors import Failure, Kind


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
