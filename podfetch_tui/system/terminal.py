"""A terminal that went away: how to notice it, and how to do without it."""

from __future__ import annotations

import errno
import os
import termios


def is_gone(descriptor: int) -> bool:
    """Return whether ``descriptor`` leads to a terminal that was hung up."""
    try:
        termios.tcgetattr(descriptor)
    except termios.error as error:
        return bool(error.args) and error.args[0] == errno.EIO
    return False


def detach() -> None:
    """Put nothing in the place of a terminal that is gone: every use of it would fail."""
    nothing = os.open(os.devnull, os.O_RDWR)
    try:
        for descriptor in (0, 1, 2):
            if is_gone(descriptor):
                os.dup2(nothing, descriptor)
    finally:
        os.close(nothing)
