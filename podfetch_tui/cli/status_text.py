"""A status report in words, a line for each part."""

from __future__ import annotations

from podfetch_tui.cli.status_report import Report
from podfetch_tui.model.figures import count, rate, size, span
from podfetch_tui.model.text import clean, counted


def in_words(report: Report) -> list[str]:
    """Return the lines of ``podfetch status``."""
    lines = [_line("state", _state(report))]
    for key, numbers in (("feeds", report.feeds), ("episodes", report.episodes)):
        lines.append(_line(key, _counted(numbers)))
    media = report.media
    lines.append(
        _line("media", f"{counted(media.get('files', 0), 'file')}, {size(media.get('bytes', 0))}")
    )
    if report.engine == "answers":
        lines += _work(report)
    lines.append(_line("space", _space(report)))
    lines += _settings(report)
    if not report.alerts:
        return [*lines, _line("alerts", "none")]
    return lines + [
        _line("alert", clean(f"{one['name']}: {one['text']} (since {one['since']})"))
        for one in report.alerts
    ]


def _settings(report: Report) -> list[str]:
    """What an operator has to know: what is refused, what waits, what is not saved."""
    lines = [_line("settings", f"refused: {clean(text)}") for text in report.settings_problems]
    for name, words in (("pending", "after a restart"), ("runtime", "set while running")):
        ids = report.settings.get(name)
        if isinstance(ids, list) and ids:
            lines.append(_line("settings", f"{words}: {', '.join(map(str, ids))}"))
    return lines


def _line(key: str, text: str) -> str:
    return f"{key:9} {text}"


def _state(report: Report) -> str:
    up = f", up {span(report.uptime_s)}" if report.uptime_s is not None else ""
    why = f": {clean(report.reason)}" if report.reason else ""
    no = ", but its engine does not answer" if report.engine == "silent" else ""
    return f"{report.state}{up}{no}{why}"


def _counted(numbers: dict[str, int]) -> str:
    return ", ".join(f"{count(n)} {name}" for name, n in numbers.items() if n) or "none"


def _work(report: Report) -> list[str]:
    rates, queue = report.rates, report.queue
    polls, downloads = report.lanes.get("poll", {}), report.lanes.get("download", {})
    reasons = [str(lane["reason"]) for lane in (polls, downloads) if lane.get("reason")]
    return [
        _line(
            "polls",
            f"{polls.get('busy', 0)} of {polls.get('limit', 0)} workers busy,"
            f" {rates.get('polls_per_s', 0.0):.1f}/s, {count(queue.get('polls', 0))} queued",
        ),
        _line(
            "downloads",
            f"{downloads.get('busy', 0)} of {downloads.get('limit', 0)} workers busy,"
            f" {rate(rates.get('bytes_per_s', 0.0))}, {count(queue.get('downloads', 0))} queued",
        ),
        *(_line("throttle", reason) for reason in reasons),
    ]


def _space(report: Report) -> str:
    free, total = report.resources.get("free_bytes"), report.resources.get("total_bytes")
    if free is None or not total:
        return "unknown"
    return f"{size(free)} free of {size(total)}"
