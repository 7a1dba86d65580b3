"""Valid, suspect, unverified: each rule once, and the order between them."""

from __future__ import annotations

import pytest

from podfetch_tui.media.budget import probe_budget
from podfetch_tui.media.judge import judge, named_by_content
from podfetch_tui.model.media import MediaInfo, Sniffed, Validity

MP3 = Sniffed("mp3", ".mp3", "audio/mpeg", is_media=True, is_refused=False)
UNKNOWN = Sniffed("", "", "application/octet-stream", is_media=False, is_refused=False)


def info(duration_s: float | None = 1800.0, *, problem: str = "", video: bool = False) -> MediaInfo:
    return MediaInfo(
        container="mp3", codec="mp3", duration_s=duration_s, problem=problem, video=video
    )


@pytest.mark.parametrize(
    ("sniffed", "found", "declared", "known", "validity", "words"),
    [
        (MP3, info(), None, True, Validity.VALID, ""),
        (MP3, info(), 1800.0, True, Validity.VALID, ""),
        (MP3, info(), 2400.0, True, Validity.VALID, ""),
        (MP3, info(), 60.0, True, Validity.VALID, ""),
        (MP3, info(), 3599.0, True, Validity.VALID, ""),
        (
            MP3,
            info(),
            3700.0,
            True,
            Validity.SUSPECT,
            "plays 30:00 where the feed declares 1:01:40",
        ),
        (MP3, info(10), 60.0, True, Validity.VALID, ""),
        (MP3, info(), 30 * 3600.0, True, Validity.VALID, ""),  # 30:00:00 for half an hour
        (MP3, info(), 1_810_000.0, True, Validity.VALID, ""),  # milliseconds
        (MP3, info(10), 90.0, True, Validity.SUSPECT, "plays 0:10 where the feed declares 1:30"),
        (MP3, info(), None, False, Validity.UNVERIFIED, "the server did not declare its length"),
        (MP3, info(10), 9000.0, False, Validity.SUSPECT, "plays 0:10"),
        (MP3, info(0), None, True, Validity.SUSPECT, "plays no time at all"),
        (MP3, info(None), 1800.0, True, Validity.UNVERIFIED, "does not say how long it plays"),
        (MP3, None, 1800.0, True, Validity.UNVERIFIED, "was not examined"),
        (MP3, info(problem="cut short"), None, False, Validity.SUSPECT, "cut short"),
        (UNKNOWN, None, None, True, Validity.SUSPECT, "is of no kind of media that we know"),
        (UNKNOWN, info(), None, False, Validity.SUSPECT, "is of no kind of media that we know"),
    ],
)
def test_each_rule(
    sniffed: Sniffed,
    found: MediaInfo | None,
    declared: float | None,
    known: bool,
    validity: Validity,
    words: str,
) -> None:
    said = judge(sniffed, found, size=1_000_000, declared_s=declared, length_known=known)
    assert said.validity is validity
    assert said.problem.startswith(words)
    assert bool(said.problem) == (validity is not Validity.VALID)


def test_a_file_that_was_not_to_be_examined_is_unverified() -> None:
    validity, problem = judge(MP3, info(), size=1, checked=False)
    assert (validity, problem) == (Validity.UNVERIFIED, "was not examined")


@pytest.mark.parametrize(
    ("before", "video", "after"),
    [
        (".mp4", False, ".m4a"),
        (".mp4", True, ".mp4"),
        (".m4a", True, ".mp4"),
        (".m4b", False, ".m4b"),
        (".mkv", False, ".mka"),
        (".ogg", True, ".ogv"),
        (".wmv", False, ".wma"),
        (".mp3", False, ".mp3"),
        (".mov", False, ".mov"),
    ],
)
def test_the_extension_follows_what_is_inside(before: str, video: bool, after: str) -> None:
    sniffed = Sniffed("mp4", before, "x/y", is_media=True, is_refused=False)
    named = named_by_content(sniffed, info(video=video))
    assert named.extension == after
    if after != before:
        assert named.media_type.startswith("video/" if video else "audio/")


def test_a_file_that_could_not_be_opened_keeps_its_name() -> None:
    sniffed = Sniffed("mp4", ".mp4", "video/mp4", is_media=True, is_refused=False)
    assert (
        named_by_content(sniffed, MediaInfo(container="mp4", problem="cannot be read")) == sniffed
    )


def test_the_budget_grows_with_the_file_and_the_work() -> None:
    small, large = probe_budget(1 << 20, "header"), probe_budget(4 << 30, "full")
    assert 10 <= small.cpu_s < 12
    assert large.wall_s > large.cpu_s > 200
    assert probe_budget(4 << 30, "decode").cpu_s > large.cpu_s
