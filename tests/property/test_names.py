from __future__ import annotations

import os
import unicodedata

import pathvalidate
from hypothesis import given
from hypothesis import strategies as st

from podfetch_tui.model.episode import Episode
from podfetch_tui.model.names import COMPONENT_BYTES, alternatives, cut, unique_key
from podfetch_tui.storage.layout import MARKER_DIR, final_path, folder_name, safe_component
from podfetch_tui.storage.template import Template, parse_template

NASTY = st.sampled_from(
    [
        *'/\\:*?"<>|.- \t\r\n\0\x1b\x7f~%$',
        *("..", "CON", "nul", "COM1", "LPT¹", ".podfetch", "\u202e", "\u200d", "\u0301", "e\u0301"),
        *("\ufffe", "\ue000", "\uf02a", "\ud800", "🇩🇪", "👍🏽", "👩\u200d💻", "\u2028", "ﬁ", "ß"),
        *("İ", "a" * 200, "\u0301" * 40, "日本" * 50, ": ", "mp3", ".mp3"),
    ]
)
ANY_TEXT = st.one_of(st.text(), st.lists(st.one_of(NASTY, st.text(max_size=5))).map("".join))
TEMPLATES = st.sampled_from(
    [
        "{feed}/{published:%Y-%m-%d} {title}",
        "{feed}/{title}",
        "{feed}/{published:%Y}/{season}/{number:03} {title}",
        "{feed}/{feed} {guid} {id}",
    ]
).map(parse_template)


def assert_safe(name: str, limit: int) -> None:
    assert name
    assert len(name.encode()) <= limit
    assert not set(name) & set('/\\:*?"<>|')
    assert name[0] not in " .-"
    assert name[-1] not in " ."
    assert unicodedata.is_normalized("NFC", name)
    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn"} for c in name)
    pathvalidate.validate_filename(name, platform="universal")


@given(ANY_TEXT, st.integers(16, COMPONENT_BYTES))
def test_any_text_becomes_a_name_every_file_system_takes(text: str, limit: int) -> None:
    name = safe_component(text, limit, fallback="untitled")
    assert_safe(name, limit)
    assert safe_component(text, limit, fallback="untitled") == name


@given(ANY_TEXT, st.integers(16, COMPONENT_BYTES))
def test_making_a_name_safe_twice_changes_nothing(text: str, limit: int) -> None:
    once = safe_component(text, limit)
    assert safe_component(once, limit) == once


EPISODES = st.builds(
    Episode,
    id=st.integers(),
    feed_id=st.just(1),
    guid=ANY_TEXT,
    title=ANY_TEXT,
    published=st.one_of(st.none(), st.integers()),
    enclosure_url=st.just("https://example.org/a"),
)


@given(TEMPLATES, ANY_TEXT, EPISODES, ANY_TEXT, ANY_TEXT)
def test_no_episode_leaves_the_folder_of_its_feed(
    template: Template, feed_title: str, episode: Episode, extension: str, number: str
) -> None:
    own = folder_name(feed_title, "https://example.org/feed")

    def path() -> str:
        return final_path(
            template,
            folder=own,
            feed_title=feed_title,
            episode=episode,
            extension=extension,
            season=number,
            number=number,
        )

    wanted = path()
    assert wanted == path()
    assert os.path.normpath(wanted) == wanted
    first, *others = wanted.split("/")
    assert first == own
    assert first.casefold() != MARKER_DIR
    assert others
    for component in wanted.split("/"):
        assert_safe(component, COMPONENT_BYTES)
    assert "." in others[-1]


@given(ANY_TEXT, st.integers())
def test_alternatives_stay_in_the_folder_and_never_clash(text: str, seed: int) -> None:
    folder = folder_name(text, "")
    wanted = f"{folder}/{safe_component(text, 176, fallback='x')}.mp3"
    names = alternatives(wanted, seed)
    tried = [next(names) for _ in range(30)]
    assert tried[0] == wanted
    assert len({unique_key(name) for name in tried}) == 30
    for name in tried[1:]:
        head, _, last = name.rpartition("/")
        assert head == folder
        assert last.endswith(".mp3")
        assert_safe(last, COMPONENT_BYTES)


@given(ANY_TEXT)
def test_names_that_differ_in_case_or_form_only_have_one_key(text: str) -> None:
    text = text.encode(errors="ignore").decode()
    key = unique_key(text)
    assert unique_key(key) == key
    assert unique_key(unicodedata.normalize("NFD", text)) == key
    assert unique_key(unicodedata.normalize("NFC", text)) == key
    assert unique_key(text.casefold()) == key


@given(st.text(st.characters(exclude_categories=["Cs"])), st.integers(0, 300))
def test_a_cut_is_a_start_of_the_text_within_the_limit(text: str, limit: int) -> None:
    short = cut(text, limit)
    assert text.startswith(short)
    assert len(short.encode()) <= limit
