"""The hard rules of the house, read from the code itself."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from podfetch_tui.cli.main import podfetch

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "podfetch_tui"
MOST_LINES = 400
CATCH_ALL = {"pipeline/outcomes.py", "engine/workers.py", "api/server.py"}
HAND_ON = {
    "config/watch.py",  # a call's future gets it, and a bug is raised once more
    "system/heart.py",  # the end of a thread: the engine hears of it and ends
}
LOCK_MAKERS = {"system/locks.py"}
OTHER_LOCKS = {"system/decoding.py"}
"""It learns types before there is an engine; docs/decisions/0011 says why."""
LOCKS = {"Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore"}
DECODERS = {
    "system/decoding.py",
    "sandbox/frames.py",  # its types are its own: importing it is done by one thread
    "sandbox/child.py",  # a process of one thread, as the next
    "sandbox/launch.py",
}
BANNED_NAMES = {"utils", "helpers", "manager", "common", "misc"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def test_no_file_is_too_long_to_be_read_at_once() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): lines
        for path in PACKAGE.rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > MOST_LINES
    }
    assert not long


def test_only_three_places_catch_every_exception() -> None:
    found = set()
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.ExceptHandler) and _swallows_all(node):
                found.add(name)
    assert found == CATCH_ALL | HAND_ON


def _swallows_all(handler: ast.ExceptHandler) -> bool:
    """Say whether it catches everything; one for ``BaseException`` may if it raises at its end."""
    caught = handler.type
    kinds = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    names = {None if kind is None else ast.unparse(kind) for kind in kinds}
    if names & {None, "Exception"}:
        return True
    last = handler.body[-1]
    passes_on = isinstance(last, ast.Raise) and last.exc is None
    return "BaseException" in names and not passes_on


@pytest.mark.parametrize(
    ("caught", "is_counted"),
    [
        ("except Exception:\n pass", True),
        ("except (OSError, Exception):\n raise", True),
        ("except:\n pass", True),
        ("except BaseException:\n pass", True),
        ("except BaseException as error:\n raise ValueError from error", True),
        ("except BaseException:\n close()\n raise", False),
        ("except OSError:\n pass", False),
    ],
)
def test_the_rule_about_catching_sees_every_way_to_catch_all(caught: str, is_counted: bool) -> None:
    (tried,) = ast.parse(f"try:\n pass\n{caught}").body
    assert isinstance(tried, ast.Try)
    assert _swallows_all(tried.handlers[0]) is is_counted


def test_only_the_ranked_lock_makes_locks() -> None:
    found = set()
    for name, tree in modules():
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in LOCKS
                and isinstance(node.func.value, ast.Name)
                and node.func.value.id == "threading"
            ):
                found.add(name)
    assert found <= LOCK_MAKERS


def test_every_lock_of_ours_is_one_of_the_three_but_for_the_one_that_is_named() -> None:
    found = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "RankedLock"
    }
    assert found == {"engine/locks.py", *OTHER_LOCKS}


def test_types_are_decoded_through_one_module() -> None:
    """Two threads that msgspec lets learn a type at once end the process."""
    found = set()
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                typed = len(node.args) > 1 or any(word.arg == "type" for word in node.keywords)
                if re.fullmatch(r"msgspec\.(convert|\w+\.Decoder)", called) or (
                    re.fullmatch(r"msgspec\.\w+\.decode", called) and typed
                ):
                    found.add(name)
            elif isinstance(node, ast.ImportFrom) and str(node.module).startswith("msgspec"):
                # Under other names the calls above would not be seen.
                hidden = {"convert", "json", "msgpack", "Decoder", "decode"}
                if hidden & {one.name for one in node.names}:
                    found.add(name)
    assert found == DECODERS


def test_nobody_sleeps() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr == "sleep"
        and isinstance(node.value, ast.Name)
        and node.value.id == "time"
    ]
    assert not found


def test_every_module_is_named_for_what_it_holds() -> None:
    found = [name for name, _ in modules() if set(Path(name).with_suffix("").parts) & BANNED_NAMES]
    assert not found


def test_every_module_says_what_it_is_for() -> None:
    found = [name for name, tree in modules() if not ast.get_docstring(tree)]
    assert not found


def test_imports_point_down() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("module", ["cli.main", "headless.show", "engine.engine", "api.local"])
def test_what_runs_headless_never_loads_the_screens(module: str) -> None:
    code = (
        f"import sys, podfetch_tui.{module};"
        "sys.exit(any(name.split('.')[0] in ('textual', 'rich') for name in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_a_status_never_waits_for_parsers_and_migrations() -> None:
    code = (
        "import sys, podfetch_tui.cli.main, podfetch_tui.cli.status_command;"
        "slow = {'alembic', 'av', 'feedparser', 'lxml', 'psutil', 'textual', 'urllib3'};"
        "ours = {'podfetch_tui.engine', 'podfetch_tui.net', 'podfetch_tui.catalog.writer'};"
        "sys.exit(bool((slow | ours) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == 0


def test_every_command_is_where_the_table_says_under_its_own_name() -> None:
    context = click.Context(podfetch)
    for name in podfetch.list_commands(context):
        command = podfetch.get_command(context, name)
        assert command is not None
        assert command.name == name
