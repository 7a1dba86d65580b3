"""Becomes another program after taking limits upon itself.

In place of ``preexec_fn``, which is not safe in a parent with threads. The program inherits what
:mod:`limits` took away, for good.
"""

from __future__ import annotations

import os
import sys

import msgspec

from podfetch_tui.sandbox import limits

CANNOT_START = 127
"""Exit status when the program could not be started, as in a shell."""


class Launch(msgspec.Struct, frozen=True):
    """What :func:`launch` is told besides the program."""

    cpu_s: float
    """Processor seconds the program may use."""
    orphan_s: float
    """Seconds after which it ends even if nobody is there to end it."""
    limits: limits.Limits


def launch(arguments: list[str]) -> None:
    """Confine this process, then become the program; does not return.

    Arguments: a :class:`Launch` as JSON, the file that may be changed or nothing, the folder to
    work in, the program's absolute path, its arguments. All but the first are bytes to us,
    whatever their encoding.
    """
    orders = msgspec.json.decode(arguments[0], type=Launch)
    _, writable, cwd, *argv = arguments
    try:
        os.chdir(cwd)
        limits.die_with_parent()
        limits.set_alarm(orders.orphan_s)
        limits.restrict(orders.limits)
        limits.restrict_files(orders.limits, execute=True, writable=writable)
        limits.renew_cpu(orders.cpu_s)
        os.execve(argv[0], argv, os.environ)
    except OSError as error:
        sys.stderr.write(f"{error.filename or argv[0]} cannot be started: {error.strerror}\n")
        os._exit(CANNOT_START)
