"""What a code means is said by the table that gave it."""

from __future__ import annotations

import pytest

from podfetch_tui.model.errors import Kind
from podfetch_tui.policy.classify import classify
from podfetch_tui.policy.meaning import meaning


@pytest.mark.parametrize("media", [False, True])
@pytest.mark.parametrize("named", [None, 60.0])
def test_every_verdict_is_explained_by_the_sentence_it_was_given(
    media: bool, named: float | None
) -> None:
    seen: list[tuple[Kind, int | None]] = [
        (kind, None) for kind in Kind if kind is not Kind.HTTP_STATUS
    ]
    seen += [(Kind.HTTP_STATUS, status) for status in (200, 304, 403, 404, 410, 500, 503, 999)]
    for kind, status in seen:
        verdict = classify(kind, status, media=media, retry_after=named)
        said = meaning(verdict.code, verdict.family.value, media=media)
        assert said[0] == verdict.text
        is_timed = media and verdict.family.value != "deferred"
        assert len(said) == (3 if is_timed else 2)


def test_a_missing_file_is_no_missing_feed() -> None:
    assert meaning("http_404", "permanent", media=True) == [
        "The host has no such file, or not yet.",
        "Trying again soon is useless; it is looked at again rarely.",
        "Tried again later: 15 min, 1 h, 4 h, 12 h, 1 d, 7 d; gone after 10 in a row.",
    ]
    assert meaning("http_404", "permanent", media=False)[0] == "The host has no such feed."


@pytest.mark.parametrize("code", ["", "http_", "http_٤٠٤", "http_4040", "http_status", "was_once"])
def test_a_code_that_no_line_gives_has_the_meaning_of_its_family_alone(code: str) -> None:
    assert meaning(code, "transient", media=False) == ["It may work on the next try."]
    assert meaning(code, "", media=False) == []
