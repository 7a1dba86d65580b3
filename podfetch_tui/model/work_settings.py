"""The settings of the engine's work: how much at once, how we talk to hosts, how we give up.

One half of the tree in ``model.settings``; import the names from there.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from podfetch_tui.model.setting import (
    Applies,
    Form,
    duration,
    flag,
    integer,
    percent,
    rate,
    size,
    value,
)

_KIB, _MIB, _GIB = 1024, 1024**2, 1024**3
_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_NEXT, _RESTART = Applies.NEXT_BATCH, Applies.RESTART
MOST_POLL_WORKERS, MOST_DOWNLOAD_WORKERS = 512, 256
"""The permitted maximum of each lane: the size of its slot table and thread pool."""


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``[engine]``: how much at once."""

    poll_workers: Annotated[
        int, integer("Feeds polled at once; 0 pauses polling.", low=0, high=MOST_POLL_WORKERS)
    ] = 32
    download_workers: Annotated[
        int, integer("Downloads at once; 0 pauses downloading.", low=0, high=MOST_DOWNLOAD_WORKERS)
    ] = 8
    per_host: Annotated[
        int, integer("Connections to one host at once; 1 to 4 is polite.", low=1, high=1024)
    ] = 2
    host_spacing: Annotated[
        float,
        duration("Least time between two requests to one host; 0 for none.", high=_HOUR),
    ] = 0.0
    batch_min: Annotated[
        int, integer("Fewest feeds taken into one batch.", low=1, high=100000, applies=_NEXT)
    ] = 50
    batch_max: Annotated[
        int, integer("Most feeds taken into one batch.", low=1, high=100000, applies=_NEXT)
    ] = 500
    queue_limit: Annotated[
        int,
        integer("Jobs waiting in memory before new ones wait.", low=1, high=1000000, applies=_NEXT),
    ] = 2000
    drain_timeout: Annotated[
        float,
        duration("How long a stop waits for running work; parts are resumed later.", high=_HOUR),
    ] = 10.0
    rss_soft: Annotated[
        int,
        size("Memory of the process above which one worker a lane goes on; 0 for none."),
    ] = _GIB
    rss_hard: Annotated[
        int, size("Memory of the process above which it drains and exits with 8; 0 for none.")
    ] = 2 * _GIB


class NetworkSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``[network]``: how we talk to strangers."""

    contact: Annotated[
        str, value(Form.TEXT, "Mail address or URL that hosts find in our User-Agent.")
    ] = ""
    user_agent: Annotated[
        str, value(Form.TEXT, "The whole User-Agent; empty means PodFetch, version and contact.")
    ] = ""
    connect_timeout: Annotated[
        float, duration("Time for one connection to be made.", low=0.1, high=300)
    ] = 10.0
    idle_timeout: Annotated[
        float, duration("Time without a byte after which a request fails.", low=0.1, high=3600)
    ] = 30.0
    feed_deadline: Annotated[
        float, duration("Time for one whole poll, redirects included.", low=0.1, high=_HOUR)
    ] = 60.0
    feed_max: Annotated[int, size("Largest feed document, decompressed.", low=_KIB, high=_GIB)] = (
        32 * _MIB
    )
    media_max: Annotated[int, size("Largest media file.", low=_KIB)] = 4 * _GIB
    min_rate: Annotated[
        int, rate("Slowest download over 60 s before it is given up for now; 0 for none.")
    ] = _KIB
    max_redirects: Annotated[int, integer("Redirects followed in one request.", low=0, high=50)] = 8
    bandwidth: Annotated[int, rate("Cap for all downloads together; 0 for none.")] = 0
    allow_private: Annotated[
        tuple[str, ...],
        value(Form.NETWORKS, "Private networks (CIDR) that feeds and media may be fetched from."),
    ] = ()
    proxy: Annotated[
        str,
        value(
            Form.URL,
            "Proxy for all requests: http://[user:password@]host:port; empty for none.",
            applies=_RESTART,
            secret=True,
        ),
    ] = ""
    no_proxy: Annotated[
        tuple[str, ...],
        value(
            Form.WORDS,
            "Hosts, .domains and networks (CIDR) reached without the proxy.",
            applies=_RESTART,
        ),
    ] = ()
    credentials: Annotated[
        str,
        value(
            Form.PATH,
            "File of passwords and tokens, for your eyes only; empty means podfetch.credentials "
            "beside this file.",
        ),
    ] = ""
    ca_bundle: Annotated[
        str,
        value(
            Form.PATH,
            "PEM file of trusted authorities; empty means the system's.",
            applies=_RESTART,
        ),
    ] = ""
    hosts: Annotated[
        str,
        value(
            Form.PATH,
            "File of host names and addresses in the form of /etc/hosts, asked before DNS.",
            applies=_RESTART,
        ),
    ] = ""


class RetrySettings(msgspec.Struct, frozen=True, kw_only=True):
    """``[retry]``: attempts within one run."""

    attempts: Annotated[
        int, integer("Attempts of one job in one run, the first included.", low=1, high=10)
    ] = 3
    base: Annotated[
        float, duration("Backoff after the first failure; it doubles.", low=0, high=_HOUR)
    ] = 1.0
    cap: Annotated[float, duration("Longest backoff.", low=0, high=_DAY)] = 60.0


class QuarantineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``[quarantine]``: when a failing feed is left alone."""

    open_after_failures: Annotated[
        int, integer("Failures in a row that open a feed's breaker.", low=1, high=1000)
    ] = 5
    cooldown: Annotated[
        float, duration("First pause of an open breaker; it doubles.", low=0.1, high=30 * _DAY)
    ] = _HOUR
    cooldown_max: Annotated[
        float, duration("Longest pause of an open breaker.", low=0.1, high=365 * _DAY)
    ] = 7 * _DAY
    quarantine_after_failures: Annotated[
        int, integer("Failures in a row that quarantine a feed.", low=1, high=10000)
    ] = 12
    quarantine_after: Annotated[
        float,
        duration("Time without a success that quarantines a feed.", low=1, high=3650 * _DAY),
    ] = 14 * _DAY
    quarantine_probe: Annotated[
        float,
        duration("Time between two probes of a quarantined feed.", low=1, high=365 * _DAY),
    ] = 7 * _DAY


class ThrottleSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``[throttle]``: when the machine is spared."""

    adaptive: Annotated[
        bool, flag("Lower the number of active workers while the machine is under pressure.")
    ] = True
    cpu_high: Annotated[float, percent("CPU use taken for pressure.", low=1)] = 85.0
    memory_high: Annotated[float, percent("Memory use taken for pressure.", low=1)] = 85.0
    lag_high: Annotated[
        float, duration("Lateness of the scheduler taken for pressure.", low=0.001, high=60)
    ] = 0.1
