"""The terminal application: the only door to Textual."""

from __future__ import annotations

import os

_FPS, _MOST = "TEXTUAL_FPS", "120"
"""What follows from a key comes in up to three pictures; at Textual's 60 each waits 17 ms."""

if _FPS not in os.environ:  # Textual reads it once, when it is imported; children need not see it
    os.environ[_FPS] = _MOST
    import textual.constants  # noqa: F401

    del os.environ[_FPS]
