from __future__ import annotations

import re
from pathlib import Path

import pytest

from podfetch_tui.config.example import describe, render_example, render_page
from podfetch_tui.config.ini import load
from podfetch_tui.model.settings import Settings, keys

_ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("path", "rendered", "word"),
    [
        ("podfetch.ini.example", render_example(), "ini"),
        ("docs/settings.md", render_page(), "page"),
    ],
)
def test_the_file_is_what_the_table_of_settings_renders(
    path: str, rendered: str, word: str
) -> None:
    written = (_ROOT / path).read_text(encoding="utf-8")
    assert written == rendered, f"run: python -m podfetch_tui.config.example {word} > {path}"


def test_the_example_as_it_stands_and_with_every_key_switched_on_gives_the_defaults() -> None:
    example = render_example()
    assert load(example).settings == Settings()
    switched_on = re.sub(r"(?m)^#([a-z_0-9]+ =)", r"\1", example)
    loaded = load(switched_on)
    assert loaded.problems == ()
    assert loaded.settings == Settings()
    assert set(loaded.in_file) == {key.id for key in keys()}


def test_a_binding_of_the_example_can_be_switched_on() -> None:
    loaded = load(render_example().replace("#feeds.check", "feeds.check"))
    assert loaded.settings.keys.bindings == (("feeds.check", "ctrl+r"),)


def test_every_key_and_section_stands_on_the_page() -> None:
    page = render_page()
    for section in Settings.__struct_fields__:
        assert f"## `[{section}]`" in page
    for key in keys():
        assert f"| `{key.name}` |" in page


def test_descriptions_cover_every_key_in_order() -> None:
    assert [found.key for found in describe()] == [key.id for key in keys()]
    by_key = {found.key: found for found in describe()}
    assert by_key["engine.per_host"].allowed == "1 to 1024"
    assert by_key["monitor.socket"].allowed == "auto or off, or path"
    assert by_key["network.proxy"].secret
