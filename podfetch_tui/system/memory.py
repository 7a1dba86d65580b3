"""Memory given back to the system."""

from __future__ import annotations

import ctypes
import gc
import sys


def give_back() -> None:
    """Free what nobody uses, and have the allocator return it where it can (glibc)."""
    gc.collect()
    if sys.platform != "linux":
        return
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError):
        return  # another C library
    trim(ctypes.c_size_t(0))
