"""Memory that many threads use is not kept by each of them."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

COUNTING = """
import ctypes, os, sys, threading
from podfetch_tui.system.memory import share_heaps

if sys.argv[1] == "shared":
    share_heaps()
libc = ctypes.CDLL(None)
here, done = threading.Barrier(17), threading.Barrier(17)

def hold():
    blocks = [bytes(4096) for _ in range(100)]
    here.wait()
    done.wait()
    del blocks

threads = [threading.Thread(target=hold) for _ in range(16)]
for thread in threads:
    thread.start()
here.wait()
libc.fdopen.restype = ctypes.c_void_p
told = libc.fdopen(os.dup(1), b"w")
libc.malloc_info(0, ctypes.c_void_p(told))
libc.fflush(ctypes.c_void_p(told))
done.wait()
"""


def heaps(how: str) -> int:
    """Return how many heaps sixteen threads that all hold something have."""
    told = subprocess.run(
        [sys.executable, "-c", COUNTING, how], capture_output=True, text=True, check=True
    )
    return told.stdout.count("<heap nr=")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="it alone has heaps by thread")
def test_many_threads_share_two_heaps() -> None:
    assert heaps("each") > 2
    assert heaps("shared") <= 2
