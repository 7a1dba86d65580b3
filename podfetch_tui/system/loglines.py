"""What a log record looks like: one harmless line, as text or JSON."""

from __future__ import annotations

import copy
import logging
import re
import traceback
from datetime import datetime, timezone

from podfetch_tui.model.text import clean, redact_text

PACKAGE = "podfetch_tui"

_FIELD_CHARS = 2048
_BLOCK_LINES = 2000
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_BLOCKS = ("stacks", "traceback")
"""Fields of many lines."""
_HEAD = ("at", "level", "logger", "thread", "message")


def harmless(record: logging.LogRecord) -> logging.LogRecord:
    """Return a copy of ``record`` with its texts cleaned, cut and free of secrets.

    Fields given with ``extra`` stay fields; numbers stay numbers, all else becomes text.
    ``stacks`` and the traceback may have many lines.
    """
    line = copy.copy(record)
    message = _line(record.getMessage())
    line.__dict__.update(
        fingerprint=(record.name, record.levelno, record.lineno, str(record.msg)),
        at=_moment(record.created),
        level=record.levelname.lower(),
        logger=record.name.removeprefix(f"{PACKAGE}."),
        thread=record.threadName,
        msg=message,
        message=message,
        args=None,
        exc_info=None,
        exc_text=None,
        stack_info=None,
    )
    for key, value in vars(record).items():
        if key not in _STANDARD:
            name = f"{key}_" if key in _HEAD else key
            line.__dict__[name] = harmless_block(value) if key in _BLOCKS else _field(value)
    if record.exc_info and record.exc_info[0] is not None:
        trace = traceback.format_exception(*record.exc_info)
        line.__dict__["traceback"] = harmless_block("".join(trace))
    return line


class TextFormatter(logging.Formatter):
    """``time LEVEL logger: message key=value``, blocks below, each line marked."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the text of a record that :func:`harmless` gave, without the final newline."""
        fields = {
            key: value
            for key, value in vars(record).items()
            if key not in _STANDARD and key not in _HEAD
        }
        blocks = [str(fields.pop(key)) for key in _BLOCKS if key in fields]
        words = [f"{record.__dict__['at']} {record.levelname} {record.__dict__['logger']}:"]
        words.append(str(record.msg))
        words += [f"{key}={_quoted(value)}" for key, value in fields.items()]
        lines = [" ".join(words)]
        lines += [f"    | {line}" for block in blocks for line in block.split("\n")]
        return "\n".join(lines)


def json_formatter() -> logging.Formatter:
    """Return a formatter that gives one JSON object: ``at level logger thread message`` …."""
    from pythonjsonlogger.json import JsonFormatter  # only those who want JSON pay for it

    return JsonFormatter(list(_HEAD), json_ensure_ascii=False)


def _quoted(value: object) -> str:
    text = str(value)
    if text and not re.search(r'[\s"=]', text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _moment(seconds: float) -> str:
    moment = datetime.fromtimestamp(seconds, tz=timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def _line(text: str) -> str:
    text = text[: _FIELD_CHARS * 8]
    return clean(redact_text(text), _FIELD_CHARS)


def _field(value: object) -> object:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return _line(str(value))


def harmless_block(value: object) -> str:
    """Return a text of many lines, each cleaned, cut and free of secrets; the last 2,000."""
    lines = str(value).rstrip().splitlines()[-_BLOCK_LINES:]
    return "\n".join(_indented(line) for line in lines)


def _indented(line: str) -> str:
    """Return a line made harmless, with the blanks it began with."""
    text = line.lstrip(" ")
    return line[: min(len(line) - len(text), 80)] + _line(text)
