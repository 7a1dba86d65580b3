"""The log: narration for operators, written by one thread, never in anybody's way.

The log is not the audit; outcomes are rows of the catalogue. Nothing here writes to stdout,
raises because a disk is full, or lets remote text forge a line: every record is one line (a
traceback's lines are marked as such), and URLs lose their secrets on the way in.
"""

from __future__ import annotations

import logging
import logging.handlers
import os
import queue
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from podfetch_tui.model.errors import BadConfiguration
from podfetch_tui.system.clock import Clock
from podfetch_tui.system.locks import assert_unlocked
from podfetch_tui.system.loglines import PACKAGE, TextFormatter, harmless, json_formatter

_MOST_QUEUED = 10_000
_ALIKE_PER_WINDOW = 10
_WINDOW_S = 60.0
_MOST_FINGERPRINTS = 2000

Fingerprint = tuple[str, int, int, str]


class LogHandle:
    """A log that was set up; :meth:`close` writes what is queued and undoes the set-up."""

    def __init__(
        self, handler: _Door, listener: _Listener, *, stacks: TextIO | None, own_stacks: bool
    ) -> None:
        """Take over a listener; use :func:`setup`."""
        self._handler = handler
        self._listener = listener
        self._owned = stacks if own_stacks else None
        self._before = (
            logging.raiseExceptions,
            logging.getLogger().level,
            logging.getLogger(PACKAGE).level,
        )
        self._open = True
        self.stacks = stacks
        """Where ``faulthandler`` may write stacks: a file beside the log, the stream, or
        nothing."""

    @property
    def dropped(self) -> int:
        """Records that were dropped because the log could not keep up."""
        return self._listener.dropped_before + self._handler.dropped

    def close(self) -> None:
        """Write what is queued, stop the thread, take the handler away; may be called again."""
        if not self._open:
            return
        self._open = False
        root, package = logging.getLogger(), logging.getLogger(PACKAGE)
        root.removeHandler(self._handler)
        self._listener.stop()
        logging.raiseExceptions, root_level, package_level = self._before
        root.setLevel(root_level)
        package.setLevel(package_level)
        for target in (*self._listener.handlers, self._handler):
            try:
                target.close()
            except OSError:  # a full disk: what is not written yet is lost
                continue
        if self._owned is not None:
            self._owned.close()


def setup(
    *,
    level: str,
    json: bool,
    stream: TextIO | None,
    file: Path | None = None,
    file_json: bool | None = None,
    max_size: int = 20 * 1024**2,
    keep: int = 5,
    clock: Clock | None = None,
) -> LogHandle:
    """Send the log of the whole process to ``stream`` and ``file``.

    Args:
        level: ``debug info warning error`` of our own records; others need ``warning``.
        json: One JSON object a line, else text for people.
        stream: Usually stderr; ``None`` while a screen owns the terminal. Never stdout.
        file: Log file, made with its folder, readable by this user alone.
        file_json: ``json`` for the file, where it differs.
        max_size: Bytes at which the file is rotated; 0 never does.
        keep: How many rotated files stay; with 0 the file begins anew.
        clock: For the rate limit.

    Raises:
        BadConfiguration: Unknown level, or the file cannot be written.
        ValueError: ``stream`` is stdout, which is for data.
    """
    if stream is not None and stream is sys.stdout:
        raise ValueError("the log does not go to stdout")
    _number_of(level)
    targets: list[logging.Handler] = []
    if stream is not None:
        targets.append(logging.StreamHandler(stream))
    stacks = stream if stream is not None and _has_fileno(stream) else None
    if file is not None:
        try:
            targets.append(_RotatingFile(file, max_size=max_size, keep=keep))
            stacks = _open_private(Path(f"{file}.stacks"))
        except OSError as error:
            raise BadConfiguration(
                f"logging.file = {file}: it cannot be written ({error.strerror})"
            ) from error
    for target in targets:
        is_file = isinstance(target, _RotatingFile)
        as_json = file_json if is_file and file_json is not None else json
        target.setFormatter(json_formatter() if as_json else TextFormatter())
    records: queue.SimpleQueue[logging.LogRecord] = queue.SimpleQueue()
    door = _Door(records)
    listener = _Listener(records, targets, door=door, clock=clock or Clock())
    handle = LogHandle(door, listener, stacks=stacks, own_stacks=file is not None)
    logging.raiseExceptions = False
    set_level(level)
    logging.getLogger().addHandler(door)
    listener.start()
    return handle


def set_level(level: str) -> None:
    """Log our own records from ``level`` on, others from ``warning`` on.

    Raises:
        BadConfiguration: Unknown level.
    """
    number = _number_of(level)
    logging.getLogger().setLevel(max(number, logging.WARNING))
    logging.getLogger(PACKAGE).setLevel(number)


def _number_of(level: str) -> int:
    number = logging.getLevelName(level.upper())
    if not isinstance(number, int):
        raise BadConfiguration(f"logging.level = {level!r}: use debug, info, warning or error")
    return number


class _Door(logging.handlers.QueueHandler):
    """Cleans a record in the thread that logs it and hands it over without waiting."""

    def __init__(self, records: queue.SimpleQueue[logging.LogRecord]) -> None:
        super().__init__(records)
        self._records = records
        self.dropped = 0

    def handle(self, record: logging.LogRecord) -> bool:
        """Refuse to log under a lock: the handler has one of its own, without a rank."""
        assert_unlocked("logging")
        return bool(super().handle(record))

    def enqueue(self, record: logging.LogRecord) -> None:
        if self._records.qsize() >= _MOST_QUEUED:
            self.dropped += 1
        else:
            self._records.put(record)

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        return harmless(record)


class _Listener(logging.handlers.QueueListener):
    """Writes records, in a thread of its own; many alike within a minute become few."""

    def __init__(
        self,
        records: queue.SimpleQueue[logging.LogRecord],
        targets: list[logging.Handler],
        *,
        door: _Door,
        clock: Clock,
    ) -> None:
        super().__init__(records, *targets)
        self._door = door
        self._clock = clock
        self._windows: dict[Fingerprint, list[float]] = {}
        """Fingerprint → [start of its minute, records in it]."""
        self.dropped_before = 0

    def handle(self, record: logging.LogRecord) -> None:
        fingerprint: Fingerprint = record.__dict__.pop("fingerprint")
        if record.levelno > logging.DEBUG and not self._may_pass(fingerprint, record):
            return
        if self._door.dropped:
            lost, self._door.dropped = self._door.dropped, 0
            self.dropped_before += lost
            record.__dict__["lines_lost"] = lost
        super().handle(record)

    def _may_pass(self, fingerprint: Fingerprint, record: logging.LogRecord) -> bool:
        now = self._clock.monotonic()
        window = self._windows.get(fingerprint)
        if window is None or now - window[0] >= _WINDOW_S:
            if window is not None and window[1] > _ALIKE_PER_WINDOW:
                record.__dict__["alike_left_out"] = int(window[1]) - _ALIKE_PER_WINDOW
            if len(self._windows) >= _MOST_FINGERPRINTS:
                self._windows.clear()
            self._windows[fingerprint] = [now, 1]
            return True
        window[1] += 1
        return window[1] <= _ALIKE_PER_WINDOW


class _RotatingFile(logging.handlers.RotatingFileHandler):
    """A log file for this user alone; a rotation that fails does not stop the log."""

    def __init__(self, path: Path, *, max_size: int, keep: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        super().__init__(path, maxBytes=max_size, backupCount=keep, encoding="utf-8")

    def _open(self) -> TextIOWrapper:
        return _open_private(Path(self.baseFilename))

    def doRollover(self) -> None:  # noqa: N802  the name logging calls
        if not self.backupCount:  # logging would go on with the same file, without end
            os.truncate(self.baseFilename, 0)
            return
        try:
            super().doRollover()
        except OSError:
            if self.stream is None:  # closed before the failure
                self.stream = _open_private(Path(self.baseFilename))


def _open_private(path: Path) -> TextIOWrapper:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(path, flags, 0o600)
    return os.fdopen(fd, "a", encoding="utf-8", errors="backslashreplace")


def _has_fileno(stream: TextIO) -> bool:
    try:
        stream.fileno()
    except (OSError, ValueError, AttributeError):
        return False
    return True
