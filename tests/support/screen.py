"""What a person would see: a small terminal that understands what our output uses."""

from __future__ import annotations

import re
import unicodedata

_TOKEN = re.compile(r"\x1b\[(\?)?(\d*)(?:;\d+)*([A-Za-z])|[^\x1b]|\x1b")


class Screen:
    """Rows of cells; knows CR, LF, cursor up, erase to end of line and screen, colours."""

    def __init__(self, columns: int = 80) -> None:
        self.columns = columns
        self.cells: list[list[str]] = [[]]
        self.row = 0
        self.column = 0
        self.cursor_shown = True
        self.unknown: list[str] = []

    def feed(self, text: str) -> None:
        """Take output in."""
        for match in _TOKEN.finditer(text):
            private, number, final = match.groups()
            if final is None:
                self._put(match.group())
            else:
                self._control(bool(private), number, final)

    def lines(self) -> list[str]:
        """Return the rows as text, blanks at their end dropped."""
        found = ["".join(row).rstrip() for row in self.cells]
        while found and not found[-1]:
            found.pop()
        return found

    def _control(self, private: bool, number: str, final: str) -> None:
        if private and number == "25":
            self.cursor_shown = final == "h"
        elif final == "A":
            self.row = max(0, self.row - int(number or 1))
        elif final == "K":
            del self.cells[self.row][self.column :]
        elif final == "J":
            del self.cells[self.row][self.column :]
            del self.cells[self.row + 1 :]
        elif final != "m":
            self.unknown.append(final)

    def _put(self, char: str) -> None:
        if char == "\n":
            self.row += 1
            self.column = 0
            if self.row == len(self.cells):
                self.cells.append([])
        elif char == "\r":
            self.column = 0
        elif ord(char) < 32 or 0x7F <= ord(char) < 0xA0:
            self.unknown.append(repr(char))
        else:
            self._draw(char)

    def _draw(self, char: str) -> None:
        wide = unicodedata.east_asian_width(char) in "WF"
        if self.column + 1 + wide > self.columns:
            self._put("\n")
        row = self.cells[self.row]
        row.extend(" " * (self.column - len(row)))
        row[self.column : self.column + 1 + wide] = [char, ""][: 1 + wide]
        self.column += 1 + wide
