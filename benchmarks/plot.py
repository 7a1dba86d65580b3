"""Lines against time as an SVG picture; no library, nothing to install."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT = 960, 64, 150
PANEL, GAP, TOP = 170, 44, 66
INK, FAINT = "#333", "#ddd"
COLOURS = ("#1f6fb4", "#d1651c", "#2f8f4e", "#8a4fbf")


class Line(NamedTuple):
    """One quantity over time."""

    name: str
    points: Sequence[tuple[float, float]]
    dashed: bool = False


class Panel(NamedTuple):
    """Lines that share a scale."""

    title: str
    lines: Sequence[Line]
    top: float
    """Highest value of the scale."""


class Phase(NamedTuple):
    """A stretch of time with a name."""

    name: str
    begin: float
    end: float
    shaded: bool


def svg(title: str, panels: Sequence[Panel], phases: Sequence[Phase], seconds: float) -> str:
    """Return the picture: panels above one another, phases across all of them."""
    height = TOP + len(panels) * (PANEL + GAP) + 10
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
        f' font-family="sans-serif" font-size="12" fill="{INK}">',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text x="{LEFT}" y="24" font-size="16">{escape(title)}</text>',
    ]
    for phase in phases:
        out += _phase(phase, seconds, height)
    for number, panel in enumerate(panels):
        out += _panel(panel, TOP + 16 + number * (PANEL + GAP), seconds)
    return "\n".join([*out, "</svg>"]) + "\n"


def _x(at: float, seconds: float) -> float:
    return LEFT + at / seconds * (WIDTH - LEFT - RIGHT)


def _phase(phase: Phase, seconds: float, height: int) -> list[str]:
    begin, end = _x(phase.begin, seconds), _x(phase.end, seconds)
    shade = "#f6e7d8" if phase.shaded else "#fff"
    middle = (begin + end) / 2
    return [
        f'<rect x="{begin:.1f}" y="{TOP - 18}" width="{end - begin:.1f}"'
        f' height="{height - TOP - 8}" fill="{shade}"/>',
        f'<text x="{middle:.1f}" y="{TOP - 24}" text-anchor="middle" font-size="11">'
        f"{escape(phase.name)}</text>",
    ]


def _panel(panel: Panel, top: int, seconds: float) -> list[str]:
    bottom = top + PANEL
    out = [f'<text x="{LEFT}" y="{top - 5}" font-weight="bold">{escape(panel.title)}</text>']
    for part in range(5):
        y = bottom - part * PANEL / 4
        out.append(
            f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{FAINT}"/>'
            f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">'
            f"{panel.top * part / 4:g}</text>"
        )
    for at in range(0, int(seconds) + 1, 60):
        out.append(
            f'<text x="{_x(at, seconds):.1f}" y="{bottom + 16}" text-anchor="middle">{at} s</text>'
        )
    for number, line in enumerate(panel.lines):
        out += _line(line, panel.top, bottom, seconds, COLOURS[number % len(COLOURS)], number)
    return out


def _line(
    line: Line, top: float, bottom: int, seconds: float, colour: str, number: int
) -> list[str]:
    path = " ".join(
        f"{_x(at, seconds):.1f},{bottom - min(value / top, 1.0) * PANEL:.1f}"
        for at, value in line.points
    )
    dashes = ' stroke-dasharray="5 4"' if line.dashed else ""
    y = bottom - PANEL + 14 + 18 * number
    return [
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.8"{dashes}/>',
        f'<text x="{WIDTH - RIGHT + 10}" y="{y}" fill="{colour}">{escape(line.name)}</text>',
    ]
