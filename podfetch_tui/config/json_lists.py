"""Feed lists in JSON, one array of objects or an object a line, to lines.

The keys of an object are the columns of a list. Values may be what JSON has for them
(numbers, lists, true) or the text a CSV cell would hold; ``null`` is an empty cell. An array
that is not JSON is refused as a whole; of lines each stands for itself.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Any, Union

import msgspec

from podfetch_tui.config.columns import COLUMNS, URL, tags_text
from podfetch_tui.config.list_lines import Line
from podfetch_tui.config.rows import LONGEST_LINE
from podfetch_tui.model.encoding import decode
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.text import clean
from podfetch_tui.model.units import format_flag
from podfetch_tui.system.decoding import json_decoder

_Value = Union[str, int, float, bool, None, list[str]]
_items = json_decoder(list[msgspec.Raw])
_object = json_decoder(dict[str, msgspec.Raw])
_value: msgspec.json.Decoder[Any] = json_decoder(_Value)  # type: ignore[arg-type]  # a union

_ALIASES = {"interval_s": "interval"}
"""Keys of ``feeds list --json`` that are columns under another name."""
_UNITS = {"interval": "s", "feed_max": " B"}
"""What a bare number of a column counts."""


class JsonLines:
    """The lines of one list, and what is to be said about it."""

    def __init__(self, data: bytes, name: str) -> None:
        """Begin to read ``data``; ``name`` is for messages."""
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            data = decode(data).encode()
        self._data = data.removeprefix(codecs.BOM_UTF8)
        self._name = name
        self._unused: dict[str, None] = {}

    def notes(self) -> tuple[str, ...]:
        """Return what is worth knowing about the list as a whole, once it was read."""
        if not self._unused:
            return ()
        return (f"keys that are not used: {clean(', '.join(self._unused), 300)}",)

    def of_array(self) -> Iterator[Line]:
        """Yield the objects of an array.

        Raises:
            UsageError: It is not one JSON array; names the line.
        """
        data = self._data
        try:
            items = _items.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UsageError(
                f"{self._name}: line {self._line_of(error)}: {_words(error)}"
            ) from None
        at, line = 0, 1
        for item in items:
            text = bytes(item)
            # Only blanks and a comma stand between two of them.
            start = data.index(text, at)
            line += data.count(b"\n", at, start)
            yield self._line(line, text)
            line += text.count(b"\n")
            at = start + len(text)

    def of_lines(self) -> Iterator[Line]:
        """Yield the objects that stand in a line each."""
        for number, text in enumerate(self._data.split(b"\n"), start=1):
            if text.strip() and not text.lstrip().startswith(b"#"):
                yield self._line(number, text)

    def _line_of(self, error: Exception) -> int:
        digits = str(error).rpartition("(byte ")[2].rstrip(")")
        at = int(digits) if digits.isdigit() else len(self._data.rstrip())
        return 1 + self._data.count(b"\n", 0, at)

    def _line(self, number: int, text: bytes) -> Line:
        shown = text[:1000].decode("utf-8", "replace")
        if len(text) > LONGEST_LINE:
            return Line(number, shown, "", {}, f"longer than {LONGEST_LINE} bytes")
        try:
            values = _object.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return Line(number, shown, "", {}, _words(error))
        cells: dict[str, str] = {}
        problem = ""
        for key, raw in values.items():
            column = _ALIASES.get(key, key)
            if column not in COLUMNS:
                self._unused[key] = None
                continue
            try:
                cell = _cell(column, _value.decode(raw))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                problem = f"{key}: expected a text, a number or a list of texts"
                continue
            if cell:
                cells[column] = cell
        url = cells.pop(URL, "")
        if not url:
            problem = "there is no url"
        return Line(number, url or shown, url, cells, problem)


def _cell(column: str, value: _Value) -> str:
    """Return the text that a CSV cell would hold."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return format_flag(value)
    if isinstance(value, list):
        return tags_text(value) if column == "tags" else " ".join(value)
    if isinstance(value, (int, float)):
        number = int(value) if value == int(value) else value
        return f"{number}{_UNITS.get(column, '')}"
    return value.strip()


def _words(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "this JSON is too deep"
    if isinstance(error, UnicodeDecodeError) or "utf-8" in str(error).lower():
        return "this JSON is not UTF-8"
    return f"this is not JSON as expected: {clean(str(error), 200)}"
