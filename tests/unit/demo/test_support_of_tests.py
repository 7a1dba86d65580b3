"""What other tests stand on does what it says."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from support.corpus import corpus_files, corpus_root, requires_corpus
from support.feed_factory import feed_body, media_path, publish
from support.media_factory import media_bytes, media_route, write_media
from support.podhost import get, new_address, serve, site_of
from support.wait import wait_for

from podfetch_tui.demo.feeds import without_guids


def test_waiting_returns_the_first_true_value_and_gives_up_with_words() -> None:
    values = iter((0, None, "", "there"))
    assert wait_for(lambda: next(values)) == "there"
    with pytest.raises(AssertionError, match="the moon"):
        wait_for(lambda: False, timeout=0.01, what=lambda: "the moon")


def test_waiting_sees_what_another_thread_does() -> None:
    happened = threading.Event()
    other = threading.Thread(target=happened.set)
    other.start()
    wait_for(happened.is_set)
    other.join()


def test_addresses_are_loopback_and_never_the_same() -> None:
    addresses = [new_address() for _ in range(2000)]
    assert len(set(addresses)) == 2000
    for address in addresses:
        first, *others = (int(part) for part in address.split("."))
        assert first == 127
        assert all(0 <= part <= 254 for part in others)


def test_the_corpus_is_where_the_variable_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a.xml").write_text("x")
    monkeypatch.setenv("PODFETCH_CORPUS", str(tmp_path))
    assert corpus_root() == tmp_path
    assert corpus_files("*.xml") == (tmp_path / "a.xml",)
    monkeypatch.setenv("PODFETCH_CORPUS", str(tmp_path / "missing"))
    assert corpus_root() is None
    assert corpus_files("*.xml") == ()


def test_tests_of_the_corpus_are_skipped_without_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for folder, skipped in ((tmp_path, False), (tmp_path / "missing", True)):
        monkeypatch.setenv("PODFETCH_CORPUS", str(folder))

        @requires_corpus
        def some_test() -> None: ...

        marks = {mark.name: mark.args for mark in some_test.pytestmark}  # type: ignore[attr-defined]
        assert set(marks) == {"corpus", "skipif"}
        assert marks["skipif"] == (skipped,)


def test_a_published_feed_has_audio_for_each_episode() -> None:
    with serve() as host:
        url = publish(host, "one", 2, media={2: media_route("other", 30_000)})
        feed = get(url)
        assert feed.body.count(b"<item>") == 2
        base = url.removesuffix("/one.xml")
        assert get(f"{base}{media_path('one', 1)}").body == media_bytes(
            media_path("one", 1), 20_000
        )
        assert get(f"{base}{media_path('one', 2)}").body == media_bytes("other", 30_000)
        assert publish(host, "one", 3, address=site_of(url), change=without_guids) == url
        newer = get(url, If_None_Match=feed.headers["etag"])
        assert newer.body.count(b"<item>") == 3
        assert b"<guid" not in newer.body


def test_files_and_bodies_can_be_had_without_a_host(tmp_path: Path) -> None:
    path = write_media(tmp_path / "a.m4a", "seed", 30_000, kind="m4a")
    assert path.read_bytes() == media_bytes("seed", 30_000, kind="m4a")
    assert feed_body("x", 4).count(b"<enclosure") == 4
