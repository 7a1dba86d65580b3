"""What a look at a feed found, and what to do then, in words."""

from __future__ import annotations

from podfetch_tui.model.probes import ProbeReport
from podfetch_tui.policy.advice import complete, remedy
from podfetch_tui.ui.widgets.text import harmless_line

_ANSWER = 120
"""Characters of an answer that is no feed: many a host says there where its feed is now."""


def found(report: ProbeReport, program: str, *, release: str) -> str:
    """Return what came, and then what to do about it.

    Args:
        report: The diagnosis.
        program: How the operator calls the program.
        release: The key that lets a feed out of quarantine.
    """
    said = [report.said]
    if report.final_url and report.final_url != report.url:
        said.append(f"it answers from {report.final_url}")
    if report.head and not report.ok:
        said.append(f"it answered: {harmless_line(report.head, _ANSWER)}")
    if report.is_held:
        said.append(report.release_text)
    return f"{'; '.join(said).rstrip('.')}. {_what_to_do(report, program, release)}".rstrip()


def _what_to_do(report: ProbeReport, program: str, release: str) -> str:
    if not report.answers:
        words = remedy(report.code, family=report.family or "")
        return complete(f"{words[:1].upper()}{words[1:]}.", program, report.feed_id)
    if report.is_held:
        return f"{release} releases it."
    if report.final_url and report.final_url != report.url:
        return "A move for good is followed by itself after a day; e takes the new address now."
    return "Nothing has to be done."
