"""Prints the table of ``classify`` as ``docs/failures.md``.

``python -m podfetch_tui.policy.failures_page > docs/failures.md`` writes the page; a test
compares. It adds no fact of its own to the table.
"""

from __future__ import annotations

import sys

from podfetch_tui.model.errors import Family, Kind
from podfetch_tui.policy.classify import TABLE, Rule, Signal
from podfetch_tui.policy.meaning import FAMILIES, later

_HEAD = """\
# What can fail, and what PodFetch does then

This page is printed from `podfetch_tui/policy/classify.py`; a test keeps the two alike.
The *code* is the word in `last_error`, in `podfetch events --json` and in filters; an HTTP
status is written `http_404`. The first line that fits holds.

- **In the run**: it is tried again at once, after a backoff with full jitter, up to
  `retry.attempts` times.
- **Later**: when it is tried again after the run; the last time repeats. A feed is polled
  again after that time or its own interval, whichever is shorter, never below
  `feeds.min_interval`; an open breaker holds longer. Up to a tenth is added at random.
- **Counts for**: whose circuit breaker hears of it. The download of an episode never
  counts for its feed.
- A `Retry-After` is never waited for inside a run and never undercut (1 s to 24 h).
"""


def render() -> str:
    """Return the page as Markdown."""
    lines = [_HEAD, "## Families\n"]
    lines += [f"- **{family.value}**: {text}" for family, text in FAMILIES.items()]
    lines += [
        "\n## Failures\n",
        "| code | what happened | family | in the run | later | counts for | engine |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [_row(rule) for rule in TABLE]
    return "\n".join(lines) + "\n"


def _row(rule: Rule) -> str:
    codes = ", ".join(f"`{_code(signal)}`" for signal in rule.on)
    if rule.where != "both":
        codes += " (an episode)" if rule.where == "media" else " (a feed)"
    if rule.with_retry_after:
        codes += " with `Retry-After`"
    engine = "stops" if rule.stop else "pauses" if rule.pause else "goes on"
    retry = "yes" if rule.retry else "no"
    cells = (codes, rule.text, rule.family.value, retry, later(rule), _blamed(rule), engine)
    return f"| {' | '.join(cells)} |"


def _blamed(rule: Rule) -> str:
    if rule.family in (Family.SYSTEM, Family.DEFERRED):
        return "nobody"
    who = ["host"] if rule.host else []
    if rule.where != "media":
        who.append("feed")
    return ", ".join(who) or "nobody"


def _code(signal: Signal) -> str:
    if isinstance(signal, Kind):
        return signal.value
    first, last = signal[0], signal[-1]
    if first == last:
        return f"http_{first}"
    return f"http_{first}`..`http_{last}"


if __name__ == "__main__":
    sys.stdout.write(render())
