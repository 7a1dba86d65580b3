"""The child: reads one task after another, does it, answers; dies of anything unforeseen.

An exception that is not a :class:`Failure` ends the process on purpose: after one nobody knows
what state a parser is in, and the parent reads its last line from stderr. Hostile bytes reach
this process only after :func:`limits.restrict_files` has run.
"""

from __future__ import annotations

import os
import sys
from typing import BinaryIO

import msgspec

from podfetch_tui.model.errors import Failure
from podfetch_tui.sandbox import frames, limits, tasks
from podfetch_tui.system.collector import collect_rarely

_ALARM_GRACE_S = 5.0


class Orders(msgspec.Struct, frozen=True):
    """What the parent tells a child on its command line."""

    limits: limits.Limits
    extra_tasks: str | None = None


def serve(arguments: list[str]) -> None:
    """Answer requests from standard input until the parent closes it."""
    orders = msgspec.json.decode(arguments[0], type=Orders)
    table = tasks.task_table(orders.extra_tasks)
    requests, answers = _take_channels()
    achieved = limits.restrict(orders.limits)
    greeted = False
    while (received := frames.read_request(requests)) is not None:
        request, payload = received
        del received
        task = table[request.task]
        limits.renew_cpu(request.cpu_s)
        limits.set_alarm(request.wall_s + _ALARM_GRACE_S)
        function = tasks.load(task)
        if not greeted:
            # Only now, so that the first child after an installation can save what it compiled.
            files = limits.restrict_files(orders.limits)
            _answer(answers, frames.Hello(msgspec.structs.replace(achieved, files=files)))
            greeted = True
            collect_rarely()
        params = msgspec.msgpack.decode(request.params, type=task.params)
        answer = _do(function, payload, params)
        del payload
        _answer(answers, answer)
        limits.set_alarm(0)
        del answer


def _do(
    function: tasks.TaskFunction, payload: bytes, params: msgspec.Struct
) -> frames.Done | frames.Failed:
    try:
        result = function(payload, params)
    except Failure as failure:
        return frames.Failed(
            failure.kind, failure.detail, failure.evidence, limits.resident_bytes()
        )
    return frames.Done(msgspec.Raw(msgspec.msgpack.encode(result)), limits.resident_bytes())


def _answer(stream: BinaryIO, answer: frames.Answer) -> None:
    stream.write(frames.frame(answer, cap=frames.ANSWER_CAP))
    stream.flush()


def _take_channels() -> tuple[BinaryIO, BinaryIO]:
    """Move both channels away from 0 and 1, so that nothing a library prints gets among frames."""
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    os.close(nowhere)
    os.dup2(2, 1)
    sys.stdout.flush()
    return requests, answers
