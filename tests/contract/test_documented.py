"""Every setting, event, command, option, key and exit code is documented, and truly so."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from podfetch_tui.catalog.page_statements import EVENT_KINDS
from podfetch_tui.cli.exit_codes import EXIT_CODES
from podfetch_tui.cli.handbook import PAGES, commands
from podfetch_tui.cli.json_keys import JSON_KEYS
from podfetch_tui.config.bindings import parse_keys
from podfetch_tui.model import errors
from podfetch_tui.model.actions import ACTIONS, SCOPES, clashes
from podfetch_tui.model.event_kinds import KINDS
from podfetch_tui.model.settings import keys
from podfetch_tui.ui.screens.registry import SCREENS

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "podfetch_tui"
DOCS = ROOT / "docs"
EMITTERS = {"emit": 0, "record_event": 1}
"""Functions that make events, and which argument is the kind."""


@pytest.mark.parametrize("name", sorted(PAGES))
def test_a_page_that_is_made_from_the_program_is_the_one_in_the_docs(name: str) -> None:
    path = DOCS / name
    assert path.is_file(), "run: make docs"
    assert path.read_text(encoding="utf-8") == PAGES[name](), "run: make docs"


def test_the_pictures_of_the_documentation_are_the_screens_as_they_are() -> None:
    taken = {path.read_bytes() for path in (ROOT / "snapshots").rglob("*.svg")}
    pictures = sorted((DOCS / "pictures").glob("*.svg"))
    assert pictures
    for path in pictures:
        assert path.read_bytes() in taken, f"{path.name}: run make pictures"


def calls(names: set[str]) -> Iterator[tuple[Path, ast.Call, str]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func
                name = called.attr if isinstance(called, ast.Attribute) else None
                name = called.id if isinstance(called, ast.Name) else name
                if name in names:
                    yield path, node, name


def words_in(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value


def test_every_event_has_a_documented_kind() -> None:
    made = set(EVENT_KINDS.values())
    for path, call, name in calls(set(EMITTERS)):
        if path.name == "display.py":  # writes to a terminal
            continue
        given = call.args[EMITTERS[name]]
        made.update(words_in(given))
    assert made <= set(KINDS), f"add to model/event_kinds.py: {made - set(KINDS)}"


def test_every_kind_that_is_documented_can_happen() -> None:
    code = {path: path.read_text(encoding="utf-8") for path in PACKAGE.rglob("*.py")}
    del code[PACKAGE / "model" / "event_kinds.py"]
    words = "\n".join(code.values())
    unused = {kind for kind in KINDS if f'"{kind}"' not in words}
    assert unused <= set(EVENT_KINDS.values())


def test_every_setting_is_documented() -> None:
    page = (DOCS / "settings.md").read_text(encoding="utf-8")
    assert [key.id for key in keys() if f"`{key.name}`" not in page] == []


def test_every_command_and_option_says_what_it_does() -> None:
    for path, command in commands():
        assert command.help, path
        for option in command.params:
            if isinstance(option, click.Option):
                assert option.help, (path, option.opts)


def test_every_command_with_json_says_which_keys_it_prints() -> None:
    known = {name for entry in JSON_KEYS for name in prefixes(entry)}
    missing = [
        " ".join(path)
        for path, command in commands()
        for option in command.params
        if "--json" in option.opts and " ".join(path) not in known
    ]
    assert missing == [], "add them to cli/json_keys.py"


def prefixes(entry: str) -> Iterator[str]:
    words = entry.split()
    for count in range(1, len(words) + 1):
        yield " ".join(words[:count])


def test_every_exit_code_is_documented() -> None:
    used = {
        value.exit_code
        for value in vars(errors).values()
        if isinstance(value, type) and issubclass(value, errors.PodfetchError)
    }
    for _, call, _ in calls({"exit", "End"}):
        used.update(
            part.value
            for part in call.args[:1]
            if isinstance(part, ast.Constant) and isinstance(part.value, int)
        )
    assert used <= set(EXIT_CODES)


def test_every_action_has_an_id_a_text_and_a_key_of_its_own() -> None:
    assert len(ACTIONS) > 30
    assert len({one.id for one in ACTIONS}) == len(ACTIONS)
    assert [one.id for one in ACTIONS if not (one.label and one.help and one.keys)] == []
    assert {one.scope for one in ACTIONS} <= {scope.id for scope in SCOPES}
    every = {one.id: one.keys for one in ACTIONS}
    assert list(clashes(every)) == [], "the usual keys do not clash"
    assert all(parse_keys(one.keys) == one.keys for one in ACTIONS)


def test_every_action_is_bound_and_can_be_carried_out() -> None:
    bound: dict[str, type] = {}
    for path in sorted((ROOT / "podfetch_tui" / "ui").rglob("*.py")):
        place = path.relative_to(ROOT).with_suffix("").parts
        module = importlib.import_module(".".join(place).removesuffix(".__init__"))
        for _, owner in inspect.getmembers(module, inspect.isclass):
            if owner.__module__ == module.__name__:
                for binding in owner.__dict__.get("BINDINGS", ()):
                    bound[binding.id] = owner
    assert set(bound) == {one.id for one in ACTIONS}
    for one in ACTIONS:
        verb = "go" if one.scope == "go" else one.verb
        assert hasattr(bound[one.id], f"action_{verb}"), one.id
    modes = {one.verb for one in ACTIONS if one.scope == "go" and one.palette}
    assert modes == set(SCREENS)


def test_every_page_is_reached_from_the_readme_or_another_page() -> None:
    texts = [path.read_text(encoding="utf-8") for path in [ROOT / "README.md", *DOCS.glob("*.md")]]
    pages = {path.name for path in DOCS.glob("*.md")}
    assert {page for page in pages if not any(f"{page})" in text for text in texts)} == set()
