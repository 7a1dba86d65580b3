"""What a child can be asked to do.

A task is named by the dotted path of a plain function ``(payload, params) -> result`` and only
the child imports it, when it is first asked for: the sandbox stands below the packages whose code
it runs, and a parser's libraries never enter the parent.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from podfetch_tui.model.document import FeedDocument
from podfetch_tui.model.errors import Kind
from podfetch_tui.model.media import MediaInfo
from podfetch_tui.model.sandboxed import ParseParams, ProbeParams, Scanned

TaskFunction = Callable[[bytes, Any], msgspec.Struct]


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One function a child may run, and all that may come back from it."""

    function: str
    """``package.module:function``."""
    params: type[msgspec.Struct]
    result: type[msgspec.Struct]
    killed: Kind
    """The failure when the child died, hung or answered nonsense."""
    failures: frozenset[Kind] = frozenset()
    """Failures it may report. Any other counts as ``killed``: a child that a hostile file has
    taken over must not be able to claim that our disk is full."""
    noun: str = "task"
    """What the operator calls it."""


class Nothing(msgspec.Struct, frozen=True):
    """The empty parameters and result of :func:`nothing`."""


def nothing(_payload: bytes, _params: Nothing) -> Nothing:
    """Do nothing; asked only to see a child start and confine itself."""
    return Nothing()


NOTHING = "nothing"

TASKS: Mapping[str, Task] = {
    "parse_feed": Task(
        function="podfetch_tui.feeds.tolerant:parse",
        params=ParseParams,
        result=FeedDocument,
        killed=Kind.PARSER_KILLED,
        failures=frozenset(
            {
                Kind.NOT_A_FEED,
                Kind.BAD_XML,
                Kind.DTD_REFUSED,
                Kind.EMPTY_BODY,
                Kind.TOO_LARGE,
                Kind.BOMB,
                Kind.DECODE,
            }
        ),
        noun="parser",
    ),
    "scan_feed": Task(
        function="podfetch_tui.feeds.scan:scan_feed",
        params=ParseParams,
        result=Scanned,
        killed=Kind.PARSER_KILLED,
        noun="parser",
    ),
    "probe_media": Task(
        function="podfetch_tui.media.probe:probe",
        params=ProbeParams,
        result=MediaInfo,
        killed=Kind.PROBE_KILLED,
        failures=frozenset({Kind.NOT_MEDIA, Kind.EMPTY_MEDIA}),
        noun="probe",
    ),
    NOTHING: Task(
        function="podfetch_tui.sandbox.tasks:nothing",
        params=Nothing,
        result=Nothing,
        killed=Kind.BUG,
        noun="sandbox",
    ),
}


def task_table(extra: str | None) -> Mapping[str, Task]:
    """Return :data:`TASKS`, with those of the mapping ``extra`` names (``module:NAME``)."""
    if extra is None:
        return TASKS
    table: Mapping[str, Task] = _resolve(extra)
    return {**TASKS, **table}


def load(task: Task) -> TaskFunction:
    """Import the task's function; for the child only."""
    function: TaskFunction = _resolve(task.function)
    return function


def _resolve(dotted: str) -> Any:
    module, _, name = dotted.partition(":")
    return getattr(importlib.import_module(module), name)
