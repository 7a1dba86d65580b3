from __future__ import annotations

from pathlib import Path

import pytest

from podfetch_tui.config.values import describe_range, format_value, parse_value
from podfetch_tui.model.feed import Backlog, BacklogKind
from podfetch_tui.model.setting import Key
from podfetch_tui.model.settings import keys, keys_by_id

_KEYS = keys_by_id()


def _parse(key: str, text: str, base: Path | None = None) -> object:
    return parse_value(_KEYS[key], text, base=base)


@pytest.mark.parametrize("key", keys(), ids=lambda key: key.id)
def test_every_default_can_be_written_and_read_back(key: Key) -> None:
    assert parse_value(key, format_value(key, key.default)) == key.default


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("feeds.backlog", "since 2024-01-31", Backlog(BacklogKind.SINCE, since=1706659200000)),
        ("feeds.backlog", "25", Backlog(BacklogKind.NEWEST, count=25)),
        ("feeds.backlog", "0", Backlog(BacklogKind.NONE)),
        ("feeds.priority", "news=10, old stuff = -5", (("news", 10), ("old stuff", -5))),
        ("network.allow_private", "10.0.0.0/8,\n127.0.0.0/8", ("10.0.0.0/8", "127.0.0.0/8")),
        ("media.accept", "Video", ("video",)),
        ("media.prober", "FFPROBE", "ffprobe"),
        ("monitor.metrics", "[::1]:9464", "[::1]:9464"),
        ("monitor.metrics", "OFF", "off"),
        ("monitor.socket", "auto", "auto"),
        ("archive.filename", '"{feed}/{title} #{number}"', "{feed}/{title} #{number}"),
        ("alerts.command", '"/opt/my tool/x"', '"/opt/my tool/x"'),
        ("network.proxy", "http://u:p@proxy:3128", "http://u:p@proxy:3128"),
        ("network.no_proxy", ".example.org, localhost", (".example.org", "localhost")),
    ],
)
def test_each_form_is_read_as_people_write_it(key: str, text: str, value: object) -> None:
    assert _parse(key, text) == value


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("engine.per_host", "0", "out of range"),
        ("engine.per_host", "", "no value"),
        ("engine.per_host", "2\nbatch_min = 3", "one line"),
        ("network.media_max", "9999999999 PiB", "out of range"),
        ("throttle.cpu_high", "101", "out of range"),
        ("feeds.backlog", "some", "expected all, none"),
        ("feeds.backlog", "since 2024-02-31", "no such date"),
        ("feeds.priority", "news", "tag=number"),
        ("feeds.priority", "a=1, a=2", "two priorities"),
        ("network.allow_private", "10.0.0.1/8", "host bits"),
        ("network.allow_private", "home", "not a network"),
        ("media.accept", "audio, text", "one or more of audio, video"),
        ("media.prober", "vlc", "libav or ffprobe"),
        ("monitor.metrics", "9464", "host:port"),
        ("monitor.metrics", "localhost:70000", "host:port"),
        ("network.proxy", "proxy:3128", "expected a URL"),
        ("network.proxy", "http://[::1", "expected a URL"),
        ("network.user_agent", "Pödfetch", "ASCII"),
        ("network.contact", "a\rX-Injected: b", "control character"),
        ("alerts.command", "sh -c 'half", "closing quotation"),
        ("feeds.lists", '"half.csv', "not closed"),
        ("archive.root", "~no-such-user-here/x", "home folder"),
    ],
)
def test_each_wrong_value_says_what_was_expected(key: str, text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        _parse(key, text)


def test_no_message_repeats_a_secret() -> None:
    with pytest.raises(ValueError, match="expected a URL") as caught:
        _parse("alerts.webhook", "hunter2")
    assert "hunter2" not in str(caught.value)


def test_relative_paths_begin_at_the_base_and_words_stay_words(tmp_path: Path) -> None:
    assert _parse("archive.root", "pods", tmp_path) == str(tmp_path / "pods")
    assert _parse("archive.root", "/srv/pods", tmp_path) == "/srv/pods"
    assert _parse("archive.root", "", tmp_path) == ""
    assert _parse("archive.root", "~", tmp_path) == str(Path.home())
    assert _parse("monitor.socket", "off", tmp_path) == "off"
    assert _parse("monitor.socket", "s.sock", tmp_path) == str(tmp_path / "s.sock")
    lists = _parse("feeds.lists", 'a.csv, "b, c.txt"\n/d.opml', tmp_path)
    assert lists == (str(tmp_path / "a.csv"), str(tmp_path / "b, c.txt"), "/d.opml")


def test_a_range_is_described_in_the_units_of_its_key() -> None:
    assert describe_range(_KEYS["engine.per_host"]) == "1 to 1024"
    assert describe_range(_KEYS["network.feed_max"]) == "1 KiB to 1 GiB"
    assert describe_range(_KEYS["network.media_max"]) == "at least 1 KiB"
    assert describe_range(_KEYS["archive.min_free"]) == ""
    assert describe_range(_KEYS["archive.root"]) == ""
