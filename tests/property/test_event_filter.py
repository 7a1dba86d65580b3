"""The filter of the audit trail: total, and true to its words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfetch_tui.policy.event_filter import FIELDS, conditions
from podfetch_tui.policy.filters import BadFilter

ROW = {
    "kind": "feed_failed",
    "feed_id": 12,
    "episode_id": None,
    "family": "transient",
    "code": "http_503",
    "text": "The host fell silent",
    "feed_title": "Harbour Lights",
    "episode_title": None,
}


def passes(text: str) -> bool:
    return all(one.holds(ROW) for one in conditions(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", True),
        ("kind:failed family:trans feed:12", True),
        ("feed:1", False),
        ("!feed:1 harbour SILENT", True),
        ("family:*", True),
        ("!family:*", False),
        ("episode:7", False),
        ("http://nowhere", False),
    ],
)
def test_it_means_what_it_says(text: str, expected: bool) -> None:
    assert passes(text) is expected


@pytest.mark.parametrize(
    ("text", "column"), [("a !", 3), ("kind:", 1), ("x feed:one", 3), ("host:a", 1)]
)
def test_what_is_wrong_is_named_with_its_place(text: str, column: int) -> None:
    with pytest.raises(BadFilter) as caught:
        conditions(text)
    assert caught.value.column == column


@given(st.text(max_size=60))
def test_any_text_is_a_filter_or_a_clear_refusal(text: str) -> None:
    problem = ""
    try:
        found = len(conditions(text))
    except BadFilter as error:
        found, problem = error.column, error.problem
    if problem:
        assert 1 <= found <= len(text)
    else:
        assert found == len(text.split())
        assert passes(text) in (True, False)


@given(st.sampled_from(FIELDS), st.integers(0, 10**9))
def test_not_turns_a_condition_round(field: str, number: int) -> None:
    assert passes(f"{field}:{number}") is not passes(f"!{field}:{number}")
