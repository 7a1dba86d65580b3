"""A program named ``ffmpeg`` that does as it is told: the suite needs no real one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

_HEAD = f"""#!{sys.executable} -IS
import os, signal, sys, time
source = next(a for a in sys.argv if a.startswith("file:"))[5:]
output = sys.argv[-1][5:]
whole = open(source, "rb").read()

def write(data):
    with open(output, "wb") as file:
        file.write(data)

"""

COPIES = "write(whole)\n"
"""Makes what has the same sound and container: a copy."""
CRASHES = "write(whole[:100])\nsys.stderr.write('Invalid data found\\n')\nsys.exit(1)\n"
IS_KILLED = "write(whole[:100])\nos.kill(os.getpid(), signal.SIGKILL)\n"
HANGS = "write(whole[:100])\ntime.sleep(600)\n"
LIES = "write(b'#!/bin/sh\\necho this is no sound\\n')\n"
"""Ends well and leaves something else."""
LEAVES_NOTHING = "pass\n"
STOPS_SHORT = "write(whole[: len(whole) // 4])\n"
FILLS_THE_DISK = """
try:
    with open(output, "ab") as file:
        while True:
            file.write(bytes(1 << 16))
            file.flush()
except OSError as error:
    sys.stderr.write(f"av_interleaved_write_frame(): {error.strerror}\\n")
    sys.exit(1)
"""
FILLS_IT_WITHOUT_A_WORD = """
try:
    with open(output, "ab") as file:
        while True:
            file.write(bytes(1 << 16))
            file.flush()
except OSError:
    pass
"""
"""As the real one may: it ends well, and the file is not whole."""
TOUCHES_THE_ORIGINAL = """
try:
    with open(source, "r+b") as file:
        file.write(b"overwritten")
except PermissionError:
    pass
write(whole)
"""


def ffmpeg_that(folder: Path, does: str) -> str:
    """Put such a program into a folder of its own and return a PATH that finds no other."""
    folder.mkdir(exist_ok=True)
    program = folder / "ffmpeg"
    program.write_text(_HEAD + does)
    program.chmod(0o755)
    return os.fspath(folder)
