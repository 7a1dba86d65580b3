"""Everything that ``podfetch demo`` needs before the program itself starts."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from podfetch_tui.demo.host import PodcastHost
from podfetch_tui.demo.scenario import set_scene
from podfetch_tui.demo.stage import Stage
from podfetch_tui.system.clock import Clock

_IMPATIENT = {
    "network.allow_private": "127.0.0.0/8",
    "archive.min_free": "64 MiB",
    "feeds.default_interval": "20s",
    "feeds.min_interval": "15s",
    "feeds.max_interval": "60s",
    "feeds.adaptive": "no",
    "quarantine.open_after_failures": "2",
    "quarantine.cooldown": "30s",
    "quarantine.quarantine_after_failures": "4",
    "ui.on_hangup": "drain",
}
"""What takes hours in earnest shows within minutes, and nothing outlives the terminal."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A podcast host that serves, and what the program must be told about it."""

    feeds_csv: Path
    """The feed list."""
    settings_overrides: dict[str, str]
    """``section.key`` → value as it would stand in the INI."""
    host: PodcastHost

    def close(self) -> None:
        """End the host; the files stay with their folder."""
        self.host.close()

    def __enter__(self) -> Prepared:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def prepare(folder: Path, clock: Clock | None = None) -> Prepared:
    """Start the podcast host and write the feed list and the hosts file into ``folder``.

    Shows have names of their own, which the hosts file leads to loopback addresses: so hosts
    are real hosts even where the system has 127.0.0.1 only.

    Raises:
        OSError: The folder cannot be written.
    """
    clock = clock or Clock()
    with contextlib.ExitStack() as on_failure:
        host = on_failure.enter_context(PodcastHost(clock=clock, keep_log=False))
        stage = Stage(host, clock, named=True)
        feeds_csv, hosts = folder / "feeds.csv", folder / "hosts"
        feeds_csv.write_text(set_scene(stage), encoding="utf-8")
        hosts.write_text("\n".join(stage.hosts) + "\n", encoding="utf-8")
        on_failure.pop_all()
    return Prepared(feeds_csv, {**_IMPATIENT, "network.hosts": str(hosts)}, host)
