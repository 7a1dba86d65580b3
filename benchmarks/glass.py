"""What a terminal shows after some bytes: as much of one as the screens of this program need.

Text, the cursor's moves, and colours; all else a terminal is told here changes no cell.
"""

from __future__ import annotations

import re

from rich.cells import cell_len

_PIECE = re.compile(
    r"\x1b\[(?P<params>[0-9;:]*)(?P<final>[A-Za-z])"
    r"|\x1b\[[<=>?][^A-Za-z]*[A-Za-z]|\x1b[\]P_].*?(?:\x07|\x1b\\)|\x1b[^\[\]P_]"
    r"|(?P<control>[\r\n\x08\x07])|(?P<text>[^\x1b\r\n\x08\x07]+)",
    re.DOTALL,
)
_UNFINISHED = re.compile(r"\x1b(?:\[[0-9;:<=>?$]*|[\]P_][^\x07]*)?\Z")


class Glass:
    """Cells with a character and the colours it is painted in."""

    def __init__(self, columns: int, rows: int) -> None:
        self._columns, self._rows = columns, rows
        self._text = [[" "] * columns for _ in range(rows)]
        self._paint = [[""] * columns for _ in range(rows)]
        self._x = self._y = 0
        self._now = ""
        self._rest = b""

    def take(self, data: bytes) -> None:
        """Paint what a program wrote."""
        data = self._rest + data
        text = data.decode("utf-8", "ignore")
        cut = _UNFINISHED.search(text)
        whole = text[: cut.start()] if cut else text
        # A character that is cut in two is left for later as well.
        self._rest = data[len(whole.encode()) :]
        for piece in _PIECE.finditer(whole):
            if piece["text"]:
                self._write(piece["text"])
            elif piece["final"]:
                self._control(piece["final"], piece["params"])
            elif piece["control"] == "\r":
                self._x = 0
            elif piece["control"] == "\n":
                self._y = min(self._rows - 1, self._y + 1)

    def line(self, y: int) -> str:
        """Return the text of a line."""
        return "".join(self._text[y])

    def lines(self) -> list[str]:
        """Return the text of all lines."""
        return [self.line(y) for y in range(self._rows)]

    def paint(self, y: int, x: int) -> str:
        """Return the colours of a cell, as the program gave them."""
        return self._paint[y][x]

    def _control(self, final: str, params: str) -> None:
        numbers = [int(part or 0) for part in re.split("[;:]", params)]
        if final == "m":
            self._now = "" if params in ("", "0") else f"{self._now};{params}"
        elif final == "H":
            row, column = (*numbers, 1)[:2]
            self._y = min(self._rows, max(1, row)) - 1
            self._x = min(self._columns, max(1, column)) - 1
        elif final == "J" and numbers[0] == 2:
            self._text = [[" "] * self._columns for _ in range(self._rows)]

    def _write(self, text: str) -> None:
        for character in text:
            room = cell_len(character)
            if room and self._x < self._columns:
                self._text[self._y][self._x] = character
                self._paint[self._y][self._x] = self._now
                for x in range(self._x + 1, min(self._x + room, self._columns)):
                    self._text[self._y][x], self._paint[self._y][x] = "", self._now
                self._x += room
