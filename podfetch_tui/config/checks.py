"""What no key can tell alone: settings that contradict each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from ipaddress import ip_address
from typing import Union

import msgspec

from podfetch_tui.config.values import format_value
from podfetch_tui.model.actions import clashes
from podfetch_tui.model.settings import Settings, keys_by_id, value_of
from podfetch_tui.policy.proxies import parse_bypass, parse_proxy


class Contradiction(msgspec.Struct, frozen=True):
    """Settings that do not go together, or one that cannot be used as it is."""

    keys: tuple[str, ...]
    """``section.key`` of those concerned, the one to look at first in front."""
    message: str
    hint: str = ""


Check = Callable[[Settings], Iterable[Contradiction]]
"""A further check of a whole tree, given by a package that ``config`` may not import."""

_RISING = (
    ("feeds.min_interval", "feeds.default_interval"),
    ("feeds.default_interval", "feeds.max_interval"),
    ("engine.batch_min", "engine.batch_max"),
    ("engine.batch_max", "engine.queue_limit"),
    ("network.connect_timeout", "network.feed_deadline"),
    ("retry.base", "retry.cap"),
    ("quarantine.cooldown", "quarantine.cooldown_max"),
    ("quarantine.open_after_failures", "quarantine.quarantine_after_failures"),
)
"""Pairs whose first may not be above the second."""


def contradictions(settings: Settings) -> Iterator[Contradiction]:
    """Yield everything in ``settings`` that does not go together."""
    for low, high in _RISING:
        if _number(settings, low) > _number(settings, high):
            yield _above(settings, low, high)
    if settings.engine.rss_hard and settings.engine.rss_soft > settings.engine.rss_hard:
        yield _above(settings, "engine.rss_soft", "engine.rss_hard")
    yield from _tcp(settings)
    yield from _metrics(settings)
    yield from _proxy(settings)
    yield from _bindings(settings)


def _number(settings: Settings, key: str) -> Union[int, float]:
    value = value_of(settings, keys_by_id()[key])
    return value if isinstance(value, (int, float)) else 0


def _above(settings: Settings, low: str, high: str) -> Contradiction:
    shown = [
        f"{key} ({format_value(keys_by_id()[key], value_of(settings, keys_by_id()[key]))})"
        for key in (low, high)
    ]
    return Contradiction((low, high), f"{shown[0]} is above {shown[1]}", "set both")


def _tcp(settings: Settings) -> Iterator[Contradiction]:
    if settings.monitor.tcp == "off":
        return
    if not _is_loopback(settings.monitor.tcp.rpartition(":")[0]):
        yield Contradiction(
            ("monitor.tcp",),
            "monitor.tcp is not a loopback address",
            "use 127.0.0.1:port, and ssh from other machines",
        )
    if not settings.monitor.token_file:
        yield Contradiction(
            ("monitor.tcp", "monitor.token_file"),
            "monitor.tcp needs monitor.token_file",
            "name a file that only you can read",
        )


def _metrics(settings: Settings) -> Iterator[Contradiction]:
    where = settings.monitor.metrics
    if where != "off" and not _is_loopback(where.rpartition(":")[0]):
        yield Contradiction(
            ("monitor.metrics",),
            "monitor.metrics is not a loopback address",
            "use 127.0.0.1:port, and a proxy of yours for other machines",
        )


def _proxy(settings: Settings) -> Iterator[Contradiction]:
    """What the forms of the two keys let pass and no request could use."""
    try:
        if settings.network.proxy:
            parse_proxy(settings.network.proxy)
    except ValueError as error:
        yield Contradiction(("network.proxy",), f"network.proxy: {error}")
    try:
        parse_bypass(settings.network.no_proxy)
    except ValueError as error:
        yield Contradiction(("network.no_proxy",), f"network.no_proxy: {error}")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _bindings(settings: Settings) -> Iterator[Contradiction]:
    """One key cannot mean two things at one place, also not beside the usual keys."""
    given = dict(settings.keys.bindings)
    for id_, other, key in clashes(given):
        also = (f"keys.{other}",) if other in given else ()
        yield Contradiction(
            (f"keys.{id_}", *also),
            f"{key} would be both {id_} and {other}",
            "choose another key for one of them",
        )
