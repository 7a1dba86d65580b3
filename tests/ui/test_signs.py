"""Signs and the terminal: when ASCII is drawn with, and that it is ASCII then."""

from __future__ import annotations

import locale

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from support.fake_client import FakeClient, busy_snapshot, feed_rows
from support.stage import SMALL, Stage, painted, play, press, settle
from textual.color import Color

from podfetch_tui.model.settings import UiSettings
from podfetch_tui.ui.glyphs import ASCII, UNICODE, Glyphs, choose
from podfetch_tui.ui.safety import _SIGNS, AsciiFilter

LETTERS = set("Üäöüß第回夜の図書館で聞いた話港灯") | {"\xa0"}
"""Of titles; they are no signs."""


@pytest.mark.parametrize(
    ("setting", "environ", "wanted"),
    [
        ("unicode", {"TERM": "linux"}, UNICODE),
        ("ascii", {"LANG": "en_US.UTF-8"}, ASCII),
        ("auto", {"LANG": "en_US.UTF-8"}, UNICODE),
        ("auto", {}, UNICODE),
        ("auto", {"TERM": "linux"}, ASCII),
        ("auto", {"LC_ALL": "C"}, ASCII),
        ("auto", {"LC_ALL": "POSIX", "LANG": "en_US.UTF-8"}, ASCII),
        ("auto", {"LANG": "C"}, UNICODE),
        ("auto", {"LANG": "ja_JP.UTF-8"}, ASCII),
        ("auto", {"LC_CTYPE": "zh_TW.UTF-8", "LANG": "en_US.UTF-8"}, ASCII),
        ("auto", {"LC_ALL": "en_US.UTF-8", "LANG": "ko_KR.UTF-8"}, UNICODE),
    ],
)
def test_signs_are_those_that_the_terminal_can_show(
    setting: str, environ: dict[str, str], wanted: Glyphs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locale, "getpreferredencoding", lambda _: "UTF-8")
    assert choose(setting, environ) is wanted


def test_another_encoding_gets_ascii(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locale, "getpreferredencoding", lambda _: "ISO-8859-1")
    assert choose("auto", {"LANG": "de_DE"}) is ASCII


def test_every_sign_has_one_of_ascii_that_is_as_wide() -> None:
    signs = "".join(map(chr, _SIGNS))
    (made,) = AsciiFilter().apply([Segment(signs)], Color(0, 0, 0))
    assert made.text.isascii()
    assert cell_len(made.text) == cell_len(signs)
    for name in Glyphs.__struct_fields__:
        sign = getattr(UNICODE, name)
        if isinstance(sign, str):
            assert sign.translate(_SIGNS).isascii() or name in ("held", "paused", "gone", "new",
                                                                 "link", "busy"), name  # fmt: skip


@pytest.mark.parametrize("keys", [*"12345678", "s", ":", "?", "q"])
def test_nothing_but_titles_needs_more_than_ascii(keys: str) -> None:
    async def scene(stage: Stage) -> None:
        await press(stage, keys)
        stage.app.bridge.toast("done … × 2 – “well”")
        await settle(stage)
        assert not {c for row in painted(stage.app) for c in row if not c.isascii()} - LETTERS

    client = FakeClient(busy_snapshot(), feed_rows(60))
    play(client, scene, size=SMALL, settings=UiSettings(glyphs="ascii"))


@pytest.mark.parametrize("size", [(59, 17), (30, 8), (1, 1)])
def test_every_size_is_painted_and_a_way_out_is_said(size: tuple[int, int]) -> None:
    async def scene(stage: Stage) -> None:
        await settle(stage)
        for key in "12345678" if 30 <= size[0] < 60 else "":
            await press(stage, key)
            shown = painted(stage.app)
            assert shown[0] == " PodFetch RUNNING", key
            said = [row for row in shown if row]
            assert "podfetch status" in said[-1], key
            assert shown[: len(said)] == said, key
        await press(stage, "1")
        await stage.pilot.resize_terminal(80, 24)
        await settle(stage)
        assert "1 Dash" in painted(stage.app)[0]

    play(FakeClient(busy_snapshot(), feed_rows(60)), scene, size=size)
