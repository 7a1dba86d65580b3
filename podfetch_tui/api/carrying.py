"""A writer that is in another process: it has the running engine apply what it is given."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import cast

from podfetch_tui.api.client import EngineClient
from podfetch_tui.model.commands import CarriedWrite, Carry
from podfetch_tui.model.errors import Failure, Kind, NoEngine
from podfetch_tui.model.operator_writes import OPERATOR_WRITES, RECEIPTS, OperatorWrite
from podfetch_tui.model.writes import Receipt, Write
from podfetch_tui.system.decoding import from_json

MOST = 500
"""Writes that go over in one message."""


class _Promised(Future[Receipt]):
    """A future that has its writer hand over what it gathered when somebody waits for it."""

    def __init__(self, hand_over: Callable[[], None]) -> None:
        super().__init__()
        self._hand_over = hand_over

    def result(self, timeout: float | None = None) -> Receipt:
        if not self.done():
            self._hand_over()
        return super().result(timeout)

    def exception(self, timeout: float | None = None) -> BaseException | None:
        if not self.done():
            self._hand_over()
        return super().exception(timeout)


class CarryingWriter:
    """Takes writes as ``catalog.writer.Writer`` does; for one thread."""

    def __init__(self, client: EngineClient) -> None:
        self._client = client
        self._waiting: list[tuple[OperatorWrite, _Promised]] = []

    def submit(self, write: Write, *, lazy: bool = False) -> Future[Receipt]:  # noqa: ARG002
        """Queue ``write``; it goes over with others when there are many, or somebody waits.

        Raises:
            TypeError: It is no change an operator makes.
        """
        if not isinstance(write, OPERATOR_WRITES):
            raise TypeError(f"{type(write).__name__} is not for the doorway")
        promised = _Promised(self.flush)
        self._waiting.append((cast(OperatorWrite, write), promised))
        if len(self._waiting) >= MOST:
            self.flush()
        return promised

    def flush(self) -> None:
        """Have everything applied that was submitted before.

        Raises:
            NoEngine: The engine went away; nobody knows what it applied.
        """
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        try:
            answer = self._client.send(Carry(writes=tuple(write for write, _ in waiting)))
        except (NoEngine, Failure) as error:
            for _, promised in waiting:
                promised.set_exception(error)
            raise
        for (write, promised), carried in zip(waiting, answer.carried, strict=True):
            _settle(promised, type(write), carried)


def _settle(promised: _Promised, kind: type, carried: CarriedWrite) -> None:
    if carried.problem:
        promised.set_exception(Failure(Kind.STOPPED, carried.problem))
    elif kind in RECEIPTS:
        promised.set_result(from_json(carried.receipt, RECEIPTS[kind]))
    else:
        promised.set_result(None)
