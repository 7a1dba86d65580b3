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
LOCK_MAKERS = {"system/locks.py"}
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
            if isinstance(node, ast.ExceptHandler):
                caught = node.type
                if caught is None or (isinstance(caught, ast.Name) and caught.id == "Exception"):
                    found.add(name)
    assert found <= CATCH_ALL


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
