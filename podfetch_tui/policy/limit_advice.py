"""Values of limits that are allowed but not wise, and why."""

from __future__ import annotations

from collections.abc import Callable

_DAY_S = 86_400

_ADVICE: dict[str, tuple[Callable[[float], bool], str]] = {
    "engine.per_host": (lambda value: value > 4, "polite is at most 4: hosts ban who asks more"),
    "feeds.min_interval": (
        lambda value: value < 300,
        "hosts tell who asks more often than every 5m to go away",
    ),
    "retry.attempts": (lambda value: value > 5, "more than 5 tries burden hosts and gain little"),
    "quarantine.quarantine_probe": (
        lambda value: value < _DAY_S,
        "what is dead for weeks need not be asked more often than once a day",
    ),
    "archive.min_free": (
        lambda value: value < 1 << 30,
        "below 1 GiB the catalogue may not be able to write down what happened",
    ),
    "throttle.adaptive": (lambda value: not value, "nothing holds back when the machine is busy"),
}


def advice(key: str, value: object) -> str:
    """Return why a value of ``section.key`` is not wise; empty when nothing speaks against it."""
    found = _ADVICE.get(key)
    if found is None or not isinstance(value, (int, float)):
        return ""
    is_unwise, why = found
    return why if is_unwise(value) else ""
