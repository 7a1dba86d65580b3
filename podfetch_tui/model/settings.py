"""Every setting: its type, default, range, unit, help, and when a change applies.

This tree, with its half in ``model.work_settings``, is the only place that names them. The
INI parser, ``podfetch.ini.example``, ``config describe``, the Limits and Config screens and
``docs/settings.md`` are made from it.
Durations are float seconds, sizes int bytes, rates int bytes per second, percentages 0..100.
It reads no file and checks nothing; ``config`` does.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated

import msgspec

from podfetch_tui.model.feed import Backlog
from podfetch_tui.model.setting import (
    Applies,
    Form,
    Key,
    duration,
    flag,
    integer,
    keys_of,
    one_of,
    percent,
    size,
    value,
)
from podfetch_tui.model.work_settings import (
    EngineSettings,
    NetworkSettings,
    QuarantineSettings,
    RetrySettings,
    ThrottleSettings,
)

__all__ = [
    "BINDINGS_SECTION",
    "AlertSettings",
    "Applies",
    "ArchiveSettings",
    "EngineSettings",
    "FeedSettings",
    "Form",
    "Key",
    "KeyBindings",
    "LoggingSettings",
    "MediaSettings",
    "MonitorSettings",
    "NetworkSettings",
    "QuarantineSettings",
    "RetrySettings",
    "Settings",
    "ThrottleSettings",
    "UiSettings",
    "changed_keys",
    "keys",
    "keys_by_id",
    "value_of",
]

_KIB, _MIB, _GIB = 1024, 1024**2, 1024**3
_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_NEXT, _RESTART = Applies.NEXT_BATCH, Applies.RESTART


class ArchiveSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``[archive]``: where the media go."""

    root: Annotated[
        str,
        value(Form.PATH, "Archive folder; empty means the user's data folder.", applies=_RESTART),
    ] = ""
    catalog: Annotated[
        str,
        value(
            Form.PATH,
            "Catalogue file, on a local disk; empty means inside the archive folder.",
            applies=_RESTART,
        ),
    ] = ""
    filename: Annotated[
        str,
        value(Form.TEXT, "Pattern of a media file's path below the archive folder."),
    ] = "{feed}/{published:%Y-%m-%d} {title}"
    min_free: Annotated[
        int, size("Free space below which downloads pause; the smaller of this and the next.")
    ] = 20 * _GIB
    min_free_percent: Annotated[
        float, percent("Free share of the disk below which downloads pause.")
    ] = 5.0
    sidecar: Annotated[
        bool, flag("Write a JSON file with all metadata beside every media file.")
    ] = True
    backup_keep: Annotated[
        int, integer("How many catalogue backups are kept.", low=0, high=1000)
    ] = 7
    audit_days: Annotated[
        int,
        integer("Days for which single outcomes are kept; daily sums stay.", low=1, high=36500),
    ] = 90


class FeedSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``[feeds]``: what is polled and how often."""

    lists: Annotated[
        tuple[str, ...],
        value(
            Form.PATHS,
            "Feed lists (OPML, CSV, JSON or a URL a line), read again when they change.",
        ),
    ] = ()
    backlog: Annotated[
        Backlog,
        value(
            Form.BACKLOG,
            "How much of a new feed's back-catalogue is wanted: all, none, a number of "
            "episodes, or since DATE.",
            applies=_NEXT,
        ),
    ] = Backlog()
    default_interval: Annotated[
        float,
        duration(
            "Polling interval of a feed whose rhythm is not known.",
            low=1,
            high=30 * _DAY,
            applies=_NEXT,
        ),
    ] = _HOUR
    min_interval: Annotated[
        float,
        duration("No feed is polled more often.", low=1, high=30 * _DAY, applies=_NEXT),
    ] = 15 * _MINUTE
    max_interval: Annotated[
        float,
        duration(
            "Every healthy feed is polled at least as often.",
            low=1,
            high=30 * _DAY,
            applies=_NEXT,
        ),
    ] = _DAY
    adaptive: Annotated[
        bool, flag("Poll a feed in its own rhythm instead of the default interval.", applies=_NEXT)
    ] = True
    max_pages: Annotated[
        int,
        integer("Pages read of a feed that is split (RFC 5005).", low=1, high=10000, applies=_NEXT),
    ] = 200
    max_items: Annotated[
        int,
        integer("Items read of one feed document.", low=1, high=1000000, applies=_NEXT),
    ] = 10000
    priority: Annotated[
        tuple[tuple[str, int], ...],
        value(
            Form.PRIORITIES,
            "Priority by tag (tag=number, higher first) for feeds without one of their own.",
            applies=_NEXT,
        ),
    ] = ()


class MediaSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``[media]``: which files are wanted and how they are checked."""

    accept: Annotated[
        tuple[str, ...],
        value(Form.WORDS, "Kinds of enclosures wanted.", choices=("audio", "video"), applies=_NEXT),
    ] = ("audio", "video")
    prober: Annotated[
        str,
        one_of(("libav", "ffprobe"), "What looks into media files: built in, or the program."),
    ] = "libav"
    validate: Annotated[
        str,
        one_of(
            ("header", "full", "decode", "off"),
            "How far a file is checked: its head, all packets, every frame, not at all.",
        ),
    ] = "header"
    transform: Annotated[
        str, one_of(("none", "tags", "transcode"), "Which further file is made of each download.")
    ] = "none"
    transcode_to: Annotated[str, one_of(("opus", "mp3", "aac"), "Codec of transcoded files.")] = (
        "opus"
    )
    extras: Annotated[
        tuple[str, ...],
        value(
            Form.WORDS,
            "What is fetched beside each file: its cover, chapters and transcripts.",
            choices=("cover", "chapters", "transcript"),
            applies=_NEXT,
        ),
    ] = ()


class MonitorSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``[monitor]``: how the running engine is reached."""

    watch: Annotated[
        str,
        one_of(
            ("auto", "poll", "off"),
            "How changes of this file and of feed lists are noticed: told by the system, looked "
            "for once a second, not at all.",
            applies=_RESTART,
        ),
    ] = "auto"
    socket: Annotated[
        str,
        value(
            Form.PATH,
            "Socket for screens and commands; auto means the user's runtime folder.",
            choices=("auto", "off"),
            applies=_RESTART,
        ),
    ] = "auto"
    tcp: Annotated[
        str,
        value(
            Form.ADDRESS,
            "Loopback address (host:port) that also takes screens and commands; needs token_file.",
            choices=("off",),
            applies=_RESTART,
        ),
    ] = "off"
    token_file: Annotated[
        str, value(Form.PATH, "File with the token that TCP clients show.", applies=_RESTART)
    ] = ""
    metrics: Annotated[
        str,
        value(
            Form.ADDRESS,
            "Address (host:port) that serves metrics for Prometheus.",
            choices=("off",),
            applies=_RESTART,
        ),
    ] = "off"


class AlertSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``[alerts]``: when somebody is told."""

    error_rate: Annotated[
        float, percent("Share of failed jobs in ten minutes that alerts; 0 for never.")
    ] = 20.0
    lateness_p95: Annotated[
        float, duration("Lateness of polls (95th percentile) that alerts; 0 for never.")
    ] = _HOUR
    new_quarantine_per_hour: Annotated[
        int,
        integer("Feeds quarantined in an hour that alert; 0 for never.", low=0, high=1000000),
    ] = 20
    free_space: Annotated[
        int, size("Free space in the archive below which it alerts; 0 for when downloads pause.")
    ] = 0
    oldest_pending: Annotated[
        float, duration("Age of the oldest waiting episode that alerts; 0 for never.")
    ] = _DAY
    webhook: Annotated[
        str, value(Form.URL, "URL that gets each alert as JSON; empty for none.", secret=True)
    ] = ""
    command: Annotated[
        str,
        value(Form.COMMAND, "Program run for each alert, with the alert as JSON on its input."),
    ] = ""


class UiSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``[ui]``: how the terminal application looks."""

    theme: Annotated[str, value(Form.TEXT, "Name of the colour theme.", applies=_RESTART)] = (
        "podfetch-dark"
    )
    glyphs: Annotated[
        str,
        one_of(
            ("auto", "unicode", "ascii"), "Signs used beside words and colours.", applies=_RESTART
        ),
    ] = "auto"
    on_hangup: Annotated[
        str,
        one_of(
            ("continue", "drain"), "What the engine does when its terminal goes: go on, or stop."
        ),
    ] = "continue"


class KeyBindings(msgspec.Struct, frozen=True, kw_only=True):
    """``[keys]``: other keys for actions, ``feeds.check = ctrl+r``; ids of ``model.actions``."""

    bindings: tuple[tuple[str, str], ...] = ()
    """(id of the binding, keys, comma separated), in the order of the file."""


class LoggingSettings(msgspec.Struct, frozen=True, kw_only=True):
    """``[logging]``: what is written down for whoever runs it."""

    level: Annotated[
        str, one_of(("debug", "info", "warning", "error"), "Least important message logged.")
    ] = "info"
    file: Annotated[
        str,
        value(
            Form.PATH,
            "Log file; empty means standard error, with a screen logs/ in the user's state folder.",
            applies=_RESTART,
        ),
    ] = ""
    format: Annotated[
        str,
        one_of(
            ("auto", "text", "json"),
            "Form of a log line; auto is text on a terminal, else JSON.",
            applies=_RESTART,
        ),
    ] = "auto"
    max_size: Annotated[
        int, size("Size at which the log file is turned over.", low=_KIB, applies=_RESTART)
    ] = 10 * _MIB
    keep: Annotated[
        int,
        integer("Old log files that are kept.", low=0, high=1000, applies=_RESTART),
    ] = 5


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings; ``Settings()`` holds every default."""

    archive: ArchiveSettings = ArchiveSettings()
    feeds: FeedSettings = FeedSettings()
    engine: EngineSettings = EngineSettings()
    network: NetworkSettings = NetworkSettings()
    retry: RetrySettings = RetrySettings()
    quarantine: QuarantineSettings = QuarantineSettings()
    throttle: ThrottleSettings = ThrottleSettings()
    media: MediaSettings = MediaSettings()
    monitor: MonitorSettings = MonitorSettings()
    alerts: AlertSettings = AlertSettings()
    ui: UiSettings = UiSettings()
    keys: KeyBindings = KeyBindings()
    logging: LoggingSettings = LoggingSettings()


BINDINGS_SECTION = "keys"
"""The only section whose keys are not fixed."""


@cache
def keys() -> tuple[Key, ...]:
    """Return every fixed key, section by section, in the order of this file."""
    return tuple(
        key
        for section in msgspec.structs.fields(Settings)
        for key in keys_of(section.name, type(section.default))
    )


@cache
def keys_by_id() -> dict[str, Key]:
    """Return every fixed key by its ``section.name``."""
    return {key.id: key for key in keys()}


def value_of(settings: Settings, key: Key) -> object:
    """Return what ``settings`` hold for ``key``."""
    held: object = getattr(getattr(settings, key.section), key.name)
    return held


def changed_keys(before: Settings, after: Settings) -> tuple[str, ...]:
    """Return the ``section.key`` of everything that differs, key bindings by their id."""
    found = [key.id for key in keys() if value_of(before, key) != value_of(after, key)]
    old, new = dict(before.keys.bindings), dict(after.keys.bindings)
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return (*found, *(f"{BINDINGS_SECTION}.{name}" for name in names))
