from __future__ import annotations

import configparser

from hypothesis import given
from hypothesis import strategies as st

from podfetch_tui.config.scanner import scan

_WORD = st.text(alphabet="abcxyz019_.-", min_size=1, max_size=8)
_BLANKS = st.sampled_from(["", " ", "  ", "\t", " \t "])
_VALUE = st.text(alphabet="ab=:#;[]{}%, \t\\$'é", max_size=16)
_COMMENT = st.builds("{}{}{}".format, _BLANKS, st.sampled_from("#;"), _VALUE)


@st.composite
def _well_formed(draw: st.DrawFn) -> str:
    """A text configparser reads: unique sections and keys, no quotes, any layout."""
    lines: list[str] = []
    for section in draw(st.lists(_WORD, unique=True, max_size=4)):
        lines.append(f"[{section}]" + draw(st.sampled_from(["", " ", " # note", "\t; note"])))
        for name in draw(st.lists(_WORD, unique=True, max_size=4)):
            indent = draw(_BLANKS)
            delimiter = draw(st.sampled_from("=:"))
            lines.append(f"{indent}{name}{draw(_BLANKS)}{delimiter}{draw(_BLANKS)}{draw(_VALUE)}")
            for _ in range(draw(st.integers(0, 3))):
                more = draw(st.one_of(_COMMENT, st.just(""), _BLANKS, _VALUE))
                lines.append(f"{indent}    {more}" if more.strip() else more)
        lines.extend(draw(st.lists(st.one_of(_COMMENT, _BLANKS), max_size=2)))
    return "".join(line + draw(st.sampled_from(["\n", "\n", "\r\n"])) for line in lines)


@given(_well_formed())
def test_the_scanner_reads_what_configparser_reads(text: str) -> None:
    oracle = configparser.RawConfigParser(inline_comment_prefixes=("#", ";"))
    oracle.read_string(text)
    expected = {section: dict(oracle[section]) for section in oracle.sections()}

    scanned = scan(text)

    assert scanned.complaints == ()
    found: dict[str, dict[str, str]] = {header.name: {} for header in scanned.headers}
    for entry in scanned.entries:
        found[entry.section][entry.name] = entry.value
    assert found == expected


@given(st.text(alphabet='ab[]=:#;", \t\r\n\x0b\x85\u2028\ufeff\0é'))
def test_any_text_is_scanned_and_given_back_byte_for_byte(text: str) -> None:
    scanned = scan(text)

    if scanned.lines or "\0" not in text:
        given_back = "".join(line.text + line.ending for line in scanned.lines)
        assert ("\ufeff" if scanned.bom else "") + given_back == text
    for entry in scanned.entries:
        first = scanned.lines[entry.line - 1].text
        assert first[entry.start : entry.end] == entry.value.partition("\n")[0]
        assert entry.line <= entry.last_line <= len(scanned.lines)
