"""Mending loses nothing and lets nothing in."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfetch_tui.feeds.repair import mend_references


@pytest.mark.parametrize(
    ("text", "mended"),
    [
        ("a & b", "a &amp; b"),
        ("?a=1&b=2&copy=3", "?a=1&amp;b=2&amp;copy=3"),
        ("&amp; &lt; &#8220; &#x201c;", "&amp; &lt; &#8220; &#x201c;"),
        ("&ldquo;x&nbsp;y&rdquo;", "\u201cx\xa0y\u201d"),
        ("&nobody; &ltfoo; &;", "&amp;nobody; &amp;ltfoo; &amp;;"),
        ("&LT;b&GT; &QUOT;", "&lt;b&gt; &quot;"),
        (
            "<![CDATA[a & b &copy;]]> & <![CDATA[&]]>",
            "<![CDATA[a & b &copy;]]> &amp; <![CDATA[&]]>",
        ),
        ("<![CDATA[never & ends", "<![CDATA[never & ends"),
    ],
)
def test_references_are_mended_outside_of_cdata(text: str, mended: str) -> None:
    assert mend_references(text) == mended


@given(st.lists(st.sampled_from(["&", "amp", "lt", "copy", ";", "#65", "x", " ", "LT", "quot"])))
def test_what_is_mended_is_well_formed(parts: list[str]) -> None:
    text = "".join(parts)
    read = ElementTree.fromstring(f"<x>{mend_references(text)}</x>").text or ""
    assert read.count(" ") == text.count(" ")
