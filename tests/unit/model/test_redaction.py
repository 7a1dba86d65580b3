"""No secret is shown: by the form of a URL, by name, and by value."""

from __future__ import annotations

import base64

import pytest

from podfetch_tui.model import text
from podfetch_tui.model.text import (
    hide,
    keep_secret,
    redact,
    redact_markup,
    redact_media,
    redact_text,
    secrets_of,
)

CANARY = "canary-1234"


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text, "_known", text._Known())


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:p@h.org/a", "https://***@h.org/a"),
        ("https://u:p@@h.org/a", "https://***@h.org/a"),
        ("https://h.org/a?token=1&b=2#frag", "https://h.org/a?token=***&b=2"),
        ("https://h.org/a?X-Amz-Signature=1", "https://h.org/a?X-Amz-Signature=***"),
        ("https://h.org/a?member=1", "https://h.org/a?member=1"),
        ("https://[h.org/a", "(not a URL)"),
    ],
)
def test_a_url_is_shown_without_what_looks_secret(url: str, shown: str) -> None:
    assert redact(url) == shown
    assert redact(shown) == shown


def test_a_query_key_that_was_named_secret_is_hidden_everywhere() -> None:
    keep_secret(["Member"])
    assert redact("https://h.org/a?member=1") == "https://h.org/a?member=***"
    assert redact_media("https://h.org/a?MEMBER=1", "") == "https://h.org/a?MEMBER=***"
    assert redact_text("see http://h.org/?member=1 there") == "see http://h.org/?member=*** there"


def test_a_known_value_is_hidden_wherever_it_stands_and_for_ever() -> None:
    keep_secret(values=[CANARY, "news"])
    keep_secret(values=["another-one"])
    assert redact(f"https://h.org/{CANARY}/a") == "https://h.org/***/a"
    assert hide(f"bad password {CANARY}, another-one, news") == "bad password ***, ***, news"


def test_an_enclosure_keeps_what_only_looks_secret_but_not_what_its_feed_keeps_secret() -> None:
    public = "https://dts.h.org/e.mp3?apikey=abcdefgh&x=1"
    assert redact_media(public, "https://h.org/feed") == public
    feed = f"https://h.org/feed?auth={CANARY}"
    media = f"https://h.org/e.mp3?auth={CANARY}&x=1"
    assert redact_media(media, feed) == "https://h.org/e.mp3?auth=***&x=1"
    assert redact_media("https://u:p@h.org/e.mp3", "") == "https://***@h.org/e.mp3"


def test_the_secrets_of_a_url_are_its_password_and_secret_values_in_both_spellings() -> None:
    found = secrets_of("https://me:pass%20word@h.org/?token=to%2Fken1&a=public1")
    basic = base64.b64encode(b"me:pass word").decode()
    assert set(found) == {"pass%20word", "pass word", "to%2Fken1", "to/ken1", basic}
    assert secrets_of("https://h.org/feed") == ()


@pytest.mark.parametrize("amp", ["&amp;", "&#38;", "&#x26;", "&"])
def test_a_feeds_document_is_shown_without_secrets(amp: str) -> None:
    keep_secret(keys=["member"])
    url = f"https://me:pass@x.example/a.mp3?show=1{amp}member=sesame{amp}token=open"
    said = redact_markup(f'<enclosure url="{url}"/> gu3st', "https://a:gu3st-word@x.example/")
    shown = "https://***@x.example/a.mp3?show=1&amp;member=***&amp;token=***"
    assert said == f'<enclosure url="{shown}"/> gu3st'
    assert redact_markup("at gu3st-word, all", "https://a:gu3st-word@x.example/") == "at ***, all"
    plain = f'<enclosure url="https://x.example/a.mp3?a=1{amp}b=2"/>'
    assert redact_markup(plain, "https://x.example/") == plain
