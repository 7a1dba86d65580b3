"""What the code of a failure means, in sentences; from the table of ``classify`` alone."""

from __future__ import annotations

from collections.abc import Sequence

from podfetch_tui.model.errors import Family, Kind
from podfetch_tui.policy.classify import TABLE, Rule

FAMILIES = {
    Family.TRANSIENT: "It may work on the next try.",
    Family.DEFERRED: "The host told us to come back later: neither a retry nor a failure.",
    Family.PERMANENT: "Trying again soon is useless; it is looked at again rarely.",
    Family.MALFORMED: "The feed or the file is wrong.",
    Family.REFUSED: "Our own policy forbids it.",
    Family.SYSTEM: "Disk, memory, our network or our bug: no feed and no host is blamed.",
}
_HTTP = "http_"
_UNITS = ((86400, "d"), (3600, "h"), (60, "min"), (1, "s"))


def meaning(code: str, family: str, *, media: bool) -> Sequence[str]:
    """Return what happened, what kind of failure that is and when a file is tried again.

    Args:
        code: As the audit has it: ``read_timeout``, ``http_404``.
        family: That of the failure, as the audit has it.
        media: It happened to an episode's file, not to a feed.
    """
    rule = _rule(code, family, media=media)
    known = Family(family) if family in {one.value for one in Family} else None
    what = [FAMILIES[known]] if known is not None else []
    if rule is None:
        return what
    # When a feed is polled again depends on more than its failure, as does what a host put off.
    is_known = media and rule.family is not Family.DEFERRED
    again = [f"Tried again later: {later(rule)}."] if is_known else []
    return [rule.text, *what, *again]


def later(rule: Rule) -> str:
    """Return when what ``rule`` is about is tried again after the run."""
    if rule.stop:
        return "after a restart"
    if rule.with_retry_after:
        return "when the host said"
    words = ", ".join(_duration(seconds) for seconds in rule.recheck) or "never by itself"
    return f"{words}; gone after {rule.gone_after} in a row" if rule.gone_after else words


def _rule(code: str, family: str, *, media: bool) -> Rule | None:
    """Return the line that gave ``code`` and ``family``; one that no line gives has none."""
    status = code.removeprefix(_HTTP)
    is_status = status != code and status.isdecimal() and len(status) == len("404")
    kind = Kind.HTTP_STATUS if is_status else _kind(code)
    if kind is None:
        return None
    number = int(status) if kind is Kind.HTTP_STATUS else None
    first = (
        next(rule for rule in TABLE if rule.matches(kind, number, media=media, named=named))
        for named in (False, True)
    )
    return next((rule for rule in first if rule.family.value == family), None)


def _kind(code: str) -> Kind | None:
    """Return the kind that ``code`` names; a bare status names none."""
    named = {one.value for one in Kind if one is not Kind.HTTP_STATUS}
    return Kind(code) if code in named else None


def _duration(seconds: float) -> str:
    for size, unit in _UNITS:
        if seconds >= size:
            return f"{seconds / size:g} {unit}"
    return "at once"
