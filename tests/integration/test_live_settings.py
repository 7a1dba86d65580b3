"""No key is said to apply while the engine runs that does not: each one is looked for.

Every such key is given a telling value in the INI, then another. Nothing of the engine may
still hold the first one, and the second must be where the key is used.
"""

from __future__ import annotations

import gc
import logging
import re
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from support.archive import LOOPBACK
from support.reloading import reloading
from support.wait import wait_for

from podfetch_tui.catalog.feeds import get_feed
from podfetch_tui.engine.lanes import Lane
from podfetch_tui.model.applying import with_keys_of
from podfetch_tui.model.job import EpisodeJob, PollJob
from podfetch_tui.model.setting import Applies
from podfetch_tui.model.settings import Settings, keys, value_of
from podfetch_tui.pipeline import poll_run

PACKAGE = Path(poll_run.__file__).parents[1]
VALUES = {
    "archive.filename": ("{feed}/one {title}", "{feed}/two {title}"),
    "archive.min_free": ("12347 B", "23459 B"),
    "archive.min_free_percent": ("0.9371 %", "0.9533 %"),
    "archive.sidecar": ("yes", "no"),
    "archive.backup_keep": ("641", "739"),
    "archive.audit_days": ("1371", "1537"),
    "feeds.lists": ("one.csv", "two.csv"),
    "feeds.backlog": ("13711", "15373"),
    "feeds.default_interval": ("37117s", "53731s"),
    "feeds.min_interval": ("37113s", "53719s"),
    "feeds.max_interval": ("37123s", "53737s"),
    "feeds.adaptive": ("yes", "no"),
    "feeds.max_pages": ("3719", "5371"),
    "feeds.max_items": ("37139", "53747"),
    "feeds.priority": ("news=37141", "news=53749"),
    "engine.poll_workers": ("371", "467"),
    "engine.download_workers": ("173", "229"),
    "engine.per_host": ("613", "727"),
    "engine.host_spacing": ("37.13s", "53.71s"),
    "engine.batch_min": ("3727", "5381"),
    "engine.batch_max": ("37159", "53759"),
    "engine.queue_limit": ("371611", "537611"),
    "engine.drain_timeout": ("371.3s", "537.7s"),
    "engine.rss_soft": ("37171717171 B", "53777777773 B"),
    "engine.rss_hard": ("37199999999 B", "53799999997 B"),
    "network.contact": ("one@contact.example", "two@contact.example"),
    "network.user_agent": ("OneAgent/37", "TwoAgent/53"),
    "network.connect_timeout": ("37.19s", "53.77s"),
    "network.idle_timeout": ("371.9s", "537.1s"),
    "network.feed_deadline": ("372.1s", "538.7s"),
    "network.feed_max": ("3719191 B", "5373737 B"),
    "network.media_max": ("3719193 B", "5373739 B"),
    "network.min_rate": ("3719 B/s", "5387 B/s"),
    "network.max_redirects": ("37", "47"),
    "network.bandwidth": ("3719197 B/s", "5373743 B/s"),
    "network.allow_private": ("127.0.0.0/8, 10.37.0.0/16", "127.0.0.0/8, 10.53.0.0/16"),
    "network.credentials": ("one.credentials", "two.credentials"),
    "retry.attempts": ("4", "5"),
    "retry.base": ("37.21s", "53.81s"),
    "retry.cap": ("3721.3s", "5381.7s"),
    "quarantine.open_after_failures": ("619", "733"),
    "quarantine.cooldown": ("3723.7s", "5383.9s"),
    "quarantine.cooldown_max": ("37237.1s", "53839.3s"),
    "quarantine.quarantine_after_failures": ("3733", "5393"),
    "quarantine.quarantine_after": ("37243.3s", "53841.9s"),
    "quarantine.quarantine_probe": ("37247.7s", "53843.1s"),
    "throttle.adaptive": ("yes", "no"),
    "throttle.cpu_high": ("37.37 %", "53.53 %"),
    "throttle.memory_high": ("37.39 %", "53.59 %"),
    "throttle.lag_high": ("3.731s", "5.373s"),
    "media.accept": ("audio", "video"),
    "media.prober": ("ffprobe", "libav"),
    "media.validate": ("full", "decode"),
    "media.transform": ("tags", "transcode"),
    "media.transcode_to": ("mp3", "aac"),
    "media.extras": ("cover", "chapters"),
    "alerts.error_rate": ("37.41 %", "53.61 %"),
    "alerts.lateness_p95": ("37253.1s", "53857.3s"),
    "alerts.new_quarantine_per_hour": ("37337", "53353"),
    "alerts.free_space": ("3719199 B", "5373747 B"),
    "alerts.oldest_pending": ("37259.9s", "53861.7s"),
    "alerts.webhook": ("http://one.hook.example/", "http://two.hook.example/"),
    "alerts.command": ("one-command --alert", "two-command --alert"),
    "ui.on_hangup": ("continue", "drain"),
    "logging.level": ("warning", "error"),
}
"""Each key that applies without a restart, with two values that nothing else has."""
FEW_VALUES = {"retry.attempts", "engine.poll_workers", "engine.download_workers"}
"""Their numbers are too plain to be searched for."""


def ini(which: int) -> str:
    lines: list[str] = []
    for section in Settings.__struct_fields__:
        lines.append(f"[{section}]")
        if section == "archive":
            lines.append("root = archive")
        lines += [
            f"{id_.partition('.')[2]} = {values[which]}"
            for id_, values in VALUES.items()
            if id_.startswith(f"{section}.")
        ]
    return "\n".join(lines) + "\n"


def test_every_key_that_needs_no_restart_is_looked_at() -> None:
    assert set(VALUES) == {key.id for key in keys() if key.applies is not Applies.RESTART}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text(f"url\nhttp://{name}.example/feed\n")
        secret = tmp_path / f"{name}.credentials"
        secret.write_text(f"[{name}.example]\nuser = ada\npassword = {name}-{name}\n")
        secret.chmod(0o600)
    return tmp_path


def test_after_a_reload_nobody_holds_an_old_value(files: Path) -> None:
    path = files / "podfetch.ini"
    path.write_text(ini(0))
    before = logging.getLogger("podfetch_tui").level
    with reloading(files, None, ini=path) as run:
        engine = run.engine
        old = engine.settings
        path.write_text(ini(1))
        run.wait_for_event("settings_changed")
        new = engine.settings
        for key in keys():
            same = value_of(old, key) == value_of(new, key)
            assert same == (key.applies is Applies.RESTART), key.id
        run.wait_until(lambda e: e.lists.read_now() == ())
        engine.governor.renew()

        # Those that keep a value of their own have the new one.
        assert engine.slots.limit(Lane.POLL) == 467
        assert engine.slots.limit(Lane.DOWNLOAD) == 229
        assert logging.getLogger("podfetch_tui").level == logging.ERROR
        assert run.engine.settings.network.allow_private[0] in LOOPBACK

        texts, numbers = _told_apart(old)

        def left() -> list[str]:
            return sorted(set(_left_in(engine, old, texts, numbers)))

        # What is looked at once a second (space, the snapshot) has its second.
        wait_for(lambda: not left(), 5, what=lambda: "\n".join(left()))
    logging.getLogger("podfetch_tui").setLevel(before)


def test_a_job_that_waited_begins_with_the_settings_that_hold(files: Path) -> None:
    path = files / "podfetch.ini"
    path.write_text(ini(0))
    with reloading(files, None, "http://127.0.0.9:9/feed", ini=path) as run:
        engine = run.engine
        old = engine.settings
        path.write_text(ini(1))
        run.wait_for_event("settings_changed")
        feed = get_feed(engine.services.catalog, 1)
        assert feed is not None
        job = engine.dispatcher._up_to_date(PollJob(feed=feed, settings=old))
        for key in keys():
            held = value_of(job.settings, key)
            wanted = old if key.applies is Applies.NEXT_BATCH else engine.settings
            assert held == value_of(wanted, key), key.id
        assert with_keys_of(old, old, Applies.LIVE) is old


def _told_apart(settings: Settings) -> tuple[set[str], set[float]]:
    """Return the old texts and numbers that stand for nothing else."""
    texts: set[str] = set()
    numbers: set[float] = set()
    for key in keys():
        value = value_of(settings, key)
        if key.applies is Applies.RESTART or key.id in FEW_VALUES:
            continue
        if isinstance(value, str) and len(value) > 8:
            texts.add(value)
        elif isinstance(value, (int, float)) and not isinstance(value, bool) and value > 300:
            numbers |= {value, value * 1000}
        elif isinstance(value, float):
            numbers |= {value, round(value * 1000)}
    return texts, numbers


_OPAQUE = (
    *(types.ModuleType, type, types.FrameType, types.BuiltinFunctionType, logging.Logger),
    *(PollJob, EpisodeJob),
)
"""Not looked into; jobs keep what their batch has, as the next test says."""


def _left_in(engine: Any, old: Settings, texts: set[str], numbers: set[float]) -> Iterator[str]:
    """Yield where something of ``old`` is still held by what an engine is made of."""
    sections = [getattr(old, name) for name in Settings.__struct_fields__]
    changed = [s for s in sections if type(s).__name__ not in ("MonitorSettings", "KeyBindings")]
    parts = (engine.reconfigure._boot, engine.events, engine.dispatcher._merged)
    seen: set[int] = {id(part) for part in parts}
    waiting: list[tuple[str, Any]] = [("engine", engine)]
    while waiting:
        where, thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, _OPAQUE):
            continue
        if isinstance(thing, (str, int, float)):
            kept = thing in texts if isinstance(thing, str) else thing in numbers
            if kept and not isinstance(thing, bool):
                yield f"{where} = {thing!r}"
            continue
        seen.add(id(thing))
        if any(thing is section for section in changed):
            yield f"{where} is the old {type(thing).__name__}"
            continue
        waiting += _parts_of(where, thing)


def _parts_of(where: str, thing: Any) -> list[tuple[str, Any]]:
    if isinstance(thing, dict):
        return [(f"{where}[{key!r:.30}]", value) for key, value in thing.items()]
    if isinstance(thing, types.FunctionType):
        cells = thing.__closure__ or ()
        return [(f"{where}()", cell.cell_contents) for cell in cells]
    if isinstance(thing, types.MethodType):
        return [(where, thing.__self__)]
    if isinstance(thing, msgspec.Struct):
        return [(f"{where}.{name}", getattr(thing, name)) for name in thing.__struct_fields__]
    held = getattr(thing, "__dict__", None)
    found = [(f"{where}.{name}", value) for name, value in (held or {}).items()]
    for name in getattr(type(thing), "__slots__", ()):
        if isinstance(name, str) and hasattr(thing, name):
            found.append((f"{where}.{name}", getattr(thing, name)))
    if not found:
        found = [(where, value) for value in gc.get_referents(thing)]
    return found


def test_every_key_is_used_where_the_work_is_done() -> None:
    texts = [
        path.read_text(encoding="utf-8")
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] not in ("model", "config")
    ]

    def is_used(id_: str) -> bool:
        section, _, name = id_.partition(".")
        tree = type(getattr(Settings(), section)).__name__
        reads = re.compile(rf"\.{name}\b")
        near = re.compile(rf"\b{section}\.|\.{section}\b|\b{tree}\b")
        return any(reads.search(text) and near.search(text) for text in texts)

    assert [id_ for id_ in VALUES if not is_used(id_)] == []
