"""How much a back-catalogue will be, by what a few feeds of a list said of theirs."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from podfetch_tui.model.first_run import Heard

SAMPLE = 12
"""So many feeds of a list are asked."""


class Forecast(msgspec.Struct, frozen=True):
    """What is to come."""

    episodes: int
    bytes: int | None
    """``None`` when no feed declares a size."""


def forecast(feeds: int, most: int | None, heard: Sequence[Heard]) -> Forecast | None:
    """Return what ``feeds`` feeds hold if each is like those that were heard, on average.

    Args:
        feeds: Feeds of the list.
        most: Only so many of the newest episodes of each; ``None``: all.
        heard: Of the feeds that answered; without any nothing is known.
    """
    if not heard:
        return None
    taken = [one.sizes[:most] for one in heard]
    episodes = round(feeds * sum(map(len, taken)) / len(heard))
    declared = [size for sizes in taken for size in sizes if size]
    if not declared:
        return Forecast(episodes, None)
    return Forecast(episodes, round(episodes * sum(declared) / len(declared)))


def sample(hosts: Sequence[str], most: int = SAMPLE) -> tuple[int, ...]:
    """Return which feeds of a list to ask: from all over it, and many hosts before many feeds.

    Args:
        hosts: The host of each feed, in the order of the list.
        most: So many at most.
    """
    step = max(1, len(hosts) // most)
    spread = sorted(range(len(hosts)), key=lambda index: (index % step, index))
    seen: dict[str, int] = {}
    rounds: list[tuple[int, int]] = []
    for place, index in enumerate(spread):
        rounds.append((seen.get(hosts[index], 0), place))
        seen[hosts[index]] = seen.get(hosts[index], 0) + 1
    return tuple(spread[place] for _, place in sorted(rounds)[:most])
