from __future__ import annotations

import pytest

from podfetch_tui.config.scanner import LARGEST, MOST_PROBLEMS, scan


def _values(text: str) -> dict[str, str]:
    scanned = scan(text)
    assert scanned.complaints == ()
    return {f"{entry.section}.{entry.name}": entry.value for entry in scanned.entries}


def test_comments_continuations_and_both_delimiters_are_understood() -> None:
    text = (
        "; head\n[a] # first\nOne = 1  ; inline\ntwo: x#y;z\n"
        "list =\n  b\n  # between\n\n  c # end\n[b]\nempty =\n"
    )
    assert _values(text) == {"a.one": "1", "a.two": "x#y;z", "a.list": "\nb\n\nc", "b.empty": ""}


def test_quotes_keep_comment_signs() -> None:
    text = '[a]\nx = "p # q" # note\ny = a, "b ; c", d ; note\nz = say "hi # there"\n'
    assert _values(text) == {"a.x": '"p # q"', "a.y": 'a, "b ; c", d', "a.z": 'say "hi'}


def test_an_unclosed_quote_is_a_character_like_any_other() -> None:
    assert _values('[a]\nx = "p # q\n')["a.x"] == '"p'


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", ["", "\ufeff"])
def test_line_ends_and_a_byte_order_mark_change_no_value(bom: str, ending: str) -> None:
    text = bom + ending.join(["[a]", "x = 1", "  2", "y = 3"])
    assert _values(text) == {"a.x": "1\n2", "a.y": "3"}
    assert scan(text).bom is bool(bom)


def test_an_entry_knows_where_its_value_stands() -> None:
    (entry,) = scan("\n[a]\n  x  =  some value ; why\n     more\n\n").entries
    assert (entry.line, entry.last_line) == (3, 4)
    assert "  x  =  some value ; why"[entry.start : entry.end] == "some value"
    assert entry.comment == "; why"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("x = 1\n", 1, "no [section]"),
        ("[a]\njust words\n", 2, "expected key = value"),
        ("[a]\n= 1\n", 2, "expected key = value"),
        ("[a]\nx # = 1\n", 2, "expected key = value"),
        ("[a\nx = 1\n", 1, "expected ]"),
        ("[a] x = 1\n", 1, "text after the section"),
        ("[a]\nx = \0\n", 2, "zero byte"),
    ],
)
def test_a_line_that_cannot_be_understood_is_named(text: str, line: int, message: str) -> None:
    (complaint,) = scan(text).complaints
    assert complaint.line == line
    assert message in complaint.message


def test_reading_goes_on_after_a_bad_line() -> None:
    scanned = scan("[a]\noops\nx = 1\n[b\n[c]\ny = 2\n")
    assert [complaint.line for complaint in scanned.complaints] == [2, 4]
    assert [(e.section, e.name) for e in scanned.entries] == [("a", "x"), ("c", "y")]


def test_keys_below_an_unreadable_header_belong_to_no_section_above() -> None:
    assert [entry.section for entry in scan("[a]\n[b\nx = 1\n").entries] == [""]


def test_a_text_full_of_nonsense_is_given_up_after_enough_problems() -> None:
    assert len(scan("[a]\n" + "nonsense\n" * 100_000).complaints) == MOST_PROBLEMS + 1


def test_a_text_too_long_for_settings_is_refused_unread() -> None:
    scanned = scan("[a]\n" + "#" * LARGEST)
    assert scanned.lines == ()
    assert "longer" in scanned.complaints[0].message
