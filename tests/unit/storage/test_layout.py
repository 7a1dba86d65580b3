from __future__ import annotations

from pathlib import Path

import pytest

from podfetch_tui.model.episode import Episode
from podfetch_tui.model.errors import BadConfiguration
from podfetch_tui.model.names import COMPONENT_BYTES, alternatives, cut, unique_key
from podfetch_tui.storage.layout import (
    Layout,
    final_path,
    folder_name,
    safe_component,
    safe_extension,
)
from podfetch_tui.storage.template import parse_template

DEFAULT = "{feed}/{published:%Y-%m-%d} {title}"
NOON_2024 = 1_709_208_000_000  # 2024-02-29T12:00:00Z


def episode(title: str = "A title", *, published: int | None = NOON_2024) -> Episode:
    return Episode(
        id=42,
        feed_id=1,
        guid="tag:example.org,2024:1",
        title=title,
        published=published,
        enclosure_url="https://example.org/a.mp3",
    )


def named(template: str = DEFAULT, *, title: str = "A title", **more: object) -> str:
    published = more.pop("published", NOON_2024)
    assert published is None or isinstance(published, int)
    return final_path(
        parse_template(template),
        folder="Show",
        feed_title="The Show",
        episode=episode(title, published=published),
        extension=str(more.pop("extension", ".mp3")),
        season=str(more.pop("season", "")),
        number=str(more.pop("number", "")),
    )


def test_the_default_name_is_folder_date_title() -> None:
    assert named() == "Show/2024-02-29 A title.mp3"


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{feed}/{title}", "Show/A title.mp3"),
        ("{feed}/{published:%Y}/{published:%m}/{title}", "Show/2024/02/A title.mp3"),
        ("{feed}/{feed} S{season:02}E{number:03}", "Show/The Show S02E007.mp3"),
        ("{feed}/{id:06} {guid}", "Show/000042 tag-example.org,2024-1.mp3"),
        ("{feed}/{{{title}}} 100%", "Show/{A title} 100%.mp3"),
        ("{feed}/{published}", "Show/2024-02-29.mp3"),
        ("{feed}/{published:%G-W%V-%u %j %H%M%S %y%%}", "Show/2024-W09-4 060 120000 24%.mp3"),
    ],
)
def test_a_pattern_names_files_as_it_says(template: str, expected: str) -> None:
    assert named(template, season="2", number="7") == expected


def test_a_number_that_is_none_is_kept_as_it_is() -> None:
    assert named("{feed}/{number:03}", number="7b") == "Show/7b.mp3"


@pytest.mark.parametrize("published", [None, 10**18, -(10**18)])
def test_an_episode_without_a_possible_date_is_undated(published: int | None) -> None:
    assert named(published=published) == "Show/undated A title.mp3"


def test_dates_before_the_epoch_and_in_early_years_have_four_digits() -> None:
    assert named(published=-1) == "Show/1969-12-31 A title.mp3"
    assert named(published=-62_135_596_800_000) == "Show/0001-01-01 A title.mp3"


def test_an_episode_without_a_title_is_untitled() -> None:
    assert named(title=" \u200b ") == "Show/2024-02-29 untitled.mp3"
    assert named(title="...") == "Show/2024-02-29 untitled.mp3"
    assert named("{feed}/{title}", title="") == "Show/untitled.mp3"
    assert named("{feed}/{title}", title="...") == "Show/untitled.mp3"


def test_an_extension_the_title_carries_is_not_repeated() -> None:
    assert named(title="talk.MP3") == "Show/2024-02-29 talk.mp3"


@pytest.mark.parametrize("extension", ["", "mp3", ".m p3", ".mp3/../x", ".toolongext", ".é", "."])
def test_what_is_no_extension_becomes_bin(extension: str) -> None:
    assert safe_extension(extension) == ".bin"
    assert named(extension=extension).endswith(".bin")


@pytest.mark.parametrize(
    ("template", "says"),
    [
        ("{feed}/{titel}", "did you mean {title}?"),
        ("{feed}/{nonsense}", "known are feed, title, published"),
        ("{feed}/{}", "unknown field {}"),
        ("{feed}/{title.__class__}", "unknown field"),
        ("{feed}/{title[0]}", "unknown field"),
        ("{feed}/{title!r}", "leave it out"),
        ("{feed}/{title:>9}", "only numbers take a width"),
        ("{feed}/{published:%A}", "directive %A"),
        ("{feed}/{published:%}", "directive %"),
        ("{feed}/{published:%Y/%m}", "write {published:%Y}/{published:%m}"),
        ("{feed}/{title", "is not a pattern"),
        ("{feed}", "must begin with {feed}/"),
        ("{title}", "must begin with {feed}/"),
        ("", "must begin with {feed}/"),
        ("/{feed}/{title}", "must begin with {feed}/"),
        ("../{feed}/{title}", "must begin with {feed}/"),
        ("{feed} x/{title}", "must begin with {feed}/"),
        ("{feed:03}/{title}", "only numbers"),
        ("{feed}/../{title}", "without a name between its slashes"),
        ("{feed}//{title}", "without a name between its slashes"),
        ("{feed}/", "without a name between its slashes"),
        ("{feed}/a\\b{title}", "backslash"),
        ("{feed}/a\n{title}", "control character"),
    ],
)
def test_a_bad_pattern_is_refused_with_what_to_write(template: str, says: str) -> None:
    with pytest.raises(BadConfiguration) as caught:
        parse_template(template)
    assert says in str(caught.value)
    assert str(caught.value).startswith("archive.filename = ")


@pytest.mark.parametrize("folder", ["", ".", "..", "a/b", ".podfetch", "a\0"])
def test_a_folder_that_is_no_component_is_refused(folder: str) -> None:
    with pytest.raises(ValueError, match="not a folder of a feed"):
        final_path(
            parse_template(DEFAULT),
            folder=folder,
            feed_title="",
            episode=episode(),
            extension=".mp3",
        )


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Episode 5: The thing", "Episode 5 - The thing"),
        ("12:30", "12-30"),
        ("AC/DC \\ live | now", "AC-DC - live - now"),
        ('He said "no"', "He said 'no'"),
        ("What? *really* <b>", "What really b"),
        ("../../etc/passwd", "etc-passwd"),
        ("--help", "help"),
        (".hidden", "hidden"),
        ("dots...", "dots"),
        ("...", ""),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("com1 .tar", "_com1 .tar"),
        ("LPT³", "_LPT³"),
        ("console", "console"),
        ("a\x00b\x1b[31mc\r\nd", "ab[31mc d"),
        ("in\u202evisible\u200d\ufeff", "invisible"),
        ("e\u0301te\u0301", "été"),
        ("lone \ud800 half", "lone half"),
        ("\uf02aprivate\uffff", "private"),
        ("日本語ポッドキャスト", "日本語ポッドキャスト"),
        ("🇩🇪 Flagge", "🇩🇪 Flagge"),
        ("no\u00a0break\u3000wide", "no break wide"),
    ],
)
def test_hostile_titles_become_harmless_names(text: str, name: str) -> None:
    assert safe_component(text) == name


def test_long_names_are_cut_between_whole_characters() -> None:
    assert safe_component("x" * 400) == "x" * 180
    assert safe_component("é" * 400) == "é" * 90
    assert safe_component("日" * 400) == "日" * 60
    flags = safe_component("🇩🇪" * 100)
    assert flags == "🇩🇪" * 22
    assert safe_component("👍🏽" * 100) == "👍🏽" * 22
    assert cut("abc" + "x\u0304", 5) == "abc"
    assert cut("abc def", 4) == "abc"
    assert cut("x" + "\u0304" * 100, 5) == "x\u0304\u0304"[:3]


def test_a_long_title_keeps_its_extension() -> None:
    name = named(title="é" * 400).split("/")[1]
    assert name.endswith("é.mp3")
    assert COMPONENT_BYTES - 1 <= len(name.encode()) <= COMPONENT_BYTES


def test_a_feed_folder_falls_back_to_the_host() -> None:
    assert folder_name("My: Show", "https://x.org/") == "My - Show"
    assert folder_name(" . ", "https://www.example.org:8080/feed") == "example.org"
    assert folder_name("", "http://[bad") == "feed"
    assert folder_name("", "") == "feed"


def test_names_that_may_be_one_file_have_one_key() -> None:
    assert unique_key("Show/CAFÉ.mp3") == unique_key("show/cafe\u0301.MP3")
    assert unique_key("straße") == unique_key("STRASSE")
    assert unique_key("a") != unique_key("b")


def test_alternatives_count_then_hash() -> None:
    names = alternatives("Show/a.b.mp3", 7)
    first = [next(names) for _ in range(11)]
    assert first[0] == "Show/a.b.mp3"
    assert first[1] == "Show/a.b (2).mp3"
    assert first[8] == "Show/a.b (9).mp3"
    assert len(first[9]) == len("Show/a.b-12345678.mp3")
    assert first[9] != first[10]
    again = alternatives("Show/a.b.mp3", 7)
    assert [next(again) for _ in range(11)] == first
    other = alternatives("Show/a.b.mp3", 8)
    assert [next(other) for _ in range(11)][9] != first[9]


def test_alternatives_of_a_folder_without_an_extension() -> None:
    names = alternatives("St. Elsewhere", 1)
    assert [next(names), next(names)] == ["St. Elsewhere", "St. Elsewhere (2)"]


@pytest.mark.parametrize(
    "relpath",
    ["", "/etc/passwd", "../x", "a/../../x", "a/./b", "a//b", "a/", "a\0b", ".PodFetch/lock"],
)
def test_no_path_leads_out_of_the_archive_or_into_its_marker(relpath: str) -> None:
    with pytest.raises(ValueError, match="archive"):
        Layout(Path("/archive")).media(relpath)


def test_a_media_path_is_below_the_root() -> None:
    layout = Layout(Path("/archive"))
    assert layout.media("Show/a.mp3") == Path("/archive/Show/a.mp3")
    assert layout.catalog == Path("/archive/.podfetch/catalog.db")
    assert layout.lock == Path("/archive/.podfetch/lock")
