"""Whatever a client asks of the podcast host, the answer fits the bytes that come with it."""

from __future__ import annotations

import itertools
import re

from hypothesis import given
from hypothesis import strategies as st

from podfetch_tui.demo.answers import decide
from podfetch_tui.demo.audio import Media
from podfetch_tui.demo.routes import Request, Route

POSITIONS = st.one_of(st.integers(0, 300).map(str), st.just(""))
RANGES = st.one_of(
    st.builds("bytes={}-{}".format, POSITIONS, POSITIONS),
    st.text(alphabet="bytes=-,0123456789 ", max_size=20),
)


@given(body=st.binary(max_size=200), asked=RANGES)
def test_fields_and_bytes_of_any_range_agree(body: bytes, asked: str) -> None:
    plan = decide(Request("h", "GET", "/", {"range": asked}, 0), Route(body=body))
    fields = dict(plan.fields)
    assert int(fields["Content-Length"]) == plan.stop - plan.start
    if plan.status == 200:
        assert (plan.start, plan.stop) == (0, len(body))
        assert "Content-Range" not in fields
    elif plan.status == 206:
        told = re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", fields["Content-Range"])
        assert told is not None
        first, last, total = map(int, told.groups())
        assert 0 <= first <= last < total == len(body)
        assert (plan.start, plan.stop) == (first, last + 1)
    else:
        assert plan.status == 416
        assert fields["Content-Range"] == f"bytes */{len(body)}"


@given(
    kind=st.sampled_from(["mp3", "m4a", "wav"]),
    size=st.integers(2_000, 60_000),
    cuts=st.lists(st.integers(0, 61_000), max_size=6),
)
def test_generated_audio_is_the_same_however_it_is_cut(
    kind: str, size: int, cuts: list[int]
) -> None:
    media = Media("seed", size - size % 2, kind=kind)
    edges = [0, *sorted(cuts), media.size]
    parts = [media.read(start, stop) for start, stop in itertools.pairwise(edges)]
    assert b"".join(parts)[: media.size] == media.read(0, media.size)
