"""Memory given back to the system."""

from __future__ import annotations

import ctypes
import gc
import sys

_M_ARENA_MAX = -8
"""``malloc.h`` of glibc; mallopt(3)."""
_HEAPS = 2


def share_heaps() -> None:
    """Have all threads allocate from two heaps (glibc); before the threads are started.

    By itself the allocator keeps a heap for nearly every thread, each with its own gaps, which
    grow for weeks; how many threads allocate at once is bounded by the interpreter anyway.
    """
    if sys.platform != "linux":
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return  # another C library
    mallopt(_M_ARENA_MAX, _HEAPS)


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
