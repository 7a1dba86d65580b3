"""Child processes that permission bits hold for, also where the tests run as root."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable

import pytest

_PR_CAPBSET_DROP = 24
_OVERRIDES = (1, 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH: linux/capability.h


def obeying_permissions() -> Callable[[], None] | None:
    """Return what a child has to do before it begins (``preexec_fn``); ``None``: nothing.

    Root may write where permission bits forbid it, by two capabilities; a child that gives
    them up before ``exec`` never has them again. Elsewhere than on Linux the test is skipped.
    """
    if os.geteuid() != 0:
        return None
    if sys.platform != "linux":
        pytest.skip("root may write everywhere here")
    libc = ctypes.CDLL(None, use_errno=True)

    def give_up() -> None:
        for capability in _OVERRIDES:
            if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "prctl")

    return give_up
