"""A canary goes through everything the program has, and is seen by its origin and nobody else."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import click
import msgspec
import pytest
from support.archive import hold_host, run_once, settings_for
from support.canary import ABROAD, BASIC, CANARY, GUEST, GUESTS, World, assert_silent, canary_world

from podfetch_tui.__main__ import main
from podfetch_tui.cli.context import Context, load_settings
from podfetch_tui.cli.main import podfetch
from podfetch_tui.config.credentials import load_credentials


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with canary_world(tmp_path) as made:
        yield made


COMMANDS = (
    "feeds list --json",
    "feeds list",
    *(f"feeds show {n} --json" for n in range(1, 7)),
    "feeds show 2",
    "episodes list --json",
    "episodes list",
    *(f"episodes show {n} --json" for n in range(1, 7)),
    "status --json",
    "events --json",
    "events",
    "verify --list --json",
    "config show --json",
    "config diff",
    "config check --json",
    "export csv",
    "export opml",
    "export json",
    "export jsonl",
    "feeds edit 2 --url http://ada:c4nary@127.0.0.21:1/x --no-probe --dry-run --json",
    "feeds edit 1 --auth nobody",
    "feeds edit 3 --interval 3h --json",
    "feeds check --all --dry-run --json",
    "feeds show http://ada:c4nary@127.0.0.99/none",
    "import --dry-run --json feeds.txt",
    *(f"why {n} --json" for n in range(1, 7)),
    *(f"why episode:{n} --json" for n in range(1, 7)),
    "why 2",
    "why 4",
    "feeds add http://ada:c4nary@10.0.0.1/x --json",
    "feeds accept-removals --dry-run --json",
    *(f"feeds {verb} 2 --dry-run --json" for verb in ("pause", "resume", "retire", "remove")),
    *(f"episodes {verb} 1 --dry-run --json" for verb in ("skip", "retry", "derive", "delete")),
    "quarantine edit-url 2 http://ada:c4nary@127.0.0.21:1/x --no-probe --dry-run --json",
    *(f"quarantine {verb} 2 --dry-run --json" for verb in ("release", "retire")),
    "quarantine snooze 2 --until 1d --dry-run --json",
    "quarantine list",
    *(f"quarantine {verb} {n} --json" for verb in ("show", "probe") for n in range(1, 7)),
    "quarantine probe 2",
    "quarantine show 4",
    "undo --json",
    "config describe --json",
    *(f"{word} --json" for word in ("pause", "resume", "stop", "limits get")),
    "limits set engine.per_host=2 --json",
    "hosts list --json",
    "hosts release --all --json",
    "limits reset --all --json",
    "episodes derive state:archived --yes --json",
    "doctor --json",
    "doctor",
    "backup --to backups --json",
    "restore backup.db --dry-run --json",
    "restore backup.db --yes --json",
    "reload --json",
    "events --json",
)
HARMLESS = {"feeds raw"}
"""Prints the feed's document as it came, which is all it is for."""


def test_credentials_reach_their_origin_and_show_up_nowhere(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = world.podfetch("--feeds", "feeds.txt", "--once", "-v", "--log-format", "json")
    assert ran.returncode == 1, ran.stderr  # the hosts that do not take the passwords
    summary = json.loads(ran.stderr.splitlines()[-1])
    assert (summary["archived"], summary["polls_failed"], summary["failed"]) == (6, 2, 0), summary

    # Who saw what: the servers' own logs.
    for served in world.host.requests:
        seen = served.headers.get("authorization")
        if served.address == ABROAD:
            assert seen is None
            assert_silent("a foreign host", f"{served.path} {served.headers}")
        else:
            assert seen in (None, GUEST if served.address in GUESTS else BASIC)
        assert "proxy-authorization" not in served.headers
    shown = {s.path.split("?")[0] for s in world.host.requests if s.headers.get("authorization")}
    assert {"/basic.xml", "/basic/1.mp3", "/userinfo.xml", "/wrong.xml", "/guest.xml"} <= shown
    assert [r.headers["authorization"] for r in world.tls.requests] == ["Bearer t0ken-canary"]
    assert all("proxy-authorization" in r.headers for r in world.proxy.requests)
    (tunnel,) = [r for r in world.proxy.requests if r.method == "CONNECT"]
    assert set(tunnel.headers) == {"host", "proxy-authorization"}
    assert_silent("the tunnel", "".join([tunnel.path, *world.proxy.tunnelled]))

    # What the program says of itself.
    assert_silent("stderr", ran.stderr)
    assert_silent("stdout", ran.stdout)
    logs = sorted(world.folder.glob("podfetch.log*"))
    assert_silent("the log", "".join(path.read_text() for path in logs))
    sidecars = sorted((world.folder / "archive").rglob("*.json"))
    assert len([path for path in sidecars if ".podfetch" not in path.parts]) == 6
    for path in sidecars:
        assert_silent(path.name, path.read_text())
    assert_silent("the audit", audit(world.folder / "archive" / ".podfetch" / "catalog.db"))
    monkeypatch.chdir(world.folder)
    hold_host(settings_for(world.folder / "archive"), "busy.example")
    for command in COMMANDS:
        if command.startswith("restore") and not Path("backup.db").exists():
            next(Path("backups").iterdir()).rename("backup.db")
        said = say_it(command, monkeypatch, capsys)
        assert said, command
        assert_silent(command, said)
    kept = say_it("export csv --with-secrets", monkeypatch, capsys)
    assert all(url in kept for url in world.urls)


IN_QUARANTINE = (
    "quarantine list",
    "quarantine list --json",
    *(f"quarantine {verb} {n}" for verb in ("show", "probe") for n in (1, 2, 3)),
    *(f"quarantine {verb} {n} --json" for verb in ("show", "probe") for n in (1, 2, 3)),
    "quarantine release --all --dry-run",
    "quarantine snooze --all --until 1d --dry-run",
    "quarantine retire --all --yes --reason gone",
    "quarantine release 1",
    "undo",
    "quarantine edit-url 2 http://ada:c4nary-pr0xy@127.0.0.8:2999/new --yes",
    "feeds list",
    "feeds show 2",
    "why 1",
    "why 2",
    "why 3 --json",
    "events",
    "status",
    "export csv",
)


def test_a_full_quarantine_shows_no_secret_of_its_urls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    early = {"open_after_failures": 1, "quarantine_after_failures": 1}
    root = tmp_path / "archive"
    run_once(
        settings_for(root, quarantine=early, retry={"attempts": 1}),  # no host is left alone
        f"http://ada:{quote(CANARY, safe='')}@127.0.0.8:2999/a.xml",
        "http://127.0.0.8:2999/b.xml?token=looks-canary&show=1",
        "http://ada:k3y-canary@127.0.0.9:2999/c.xml?api_key=t0ken-canary",
    )
    assert say_it(f"--archive {root} quarantine list --json", monkeypatch, capsys).count("\n") == 3
    for command in IN_QUARANTINE:
        said = say_it(
            f"--archive {root} --set network.allow_private=127.0.0.0/8 {command}",
            monkeypatch,
            capsys,
        )
        assert said, command
        assert_silent(command, said)


def audit(path: Path) -> str:
    """Everything in the catalogue that says what happened."""
    columns = {
        "outcome": "detail",
        "event": "text",
        "operator_action": "detail",
        "feed_note": "CAST(evidence AS TEXT)",
        "feed": "last_error",
        "episode": "error",
    }
    with contextlib.closing(sqlite3.connect(path)) as connection:
        found = [
            value
            for table, column in columns.items()
            for (value,) in connection.execute(f"SELECT {column} FROM {table}")
        ]
    assert any("does not take the credentials" in (value or "") for value in found)
    return "\n".join(value or "" for value in found)


def say_it(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> str:
    """What a command prints, on both streams; run in this process, which is quicker."""
    monkeypatch.setattr(sys, "argv", ["podfetch", *command.split()])
    capsys.readouterr()
    with pytest.raises(SystemExit):
        main()
    return "".join(capsys.readouterr())


def test_every_command_that_speaks_json_has_met_the_canary() -> None:
    def leaves(group: click.Group, path: str = "") -> Iterator[str]:
        for name in group.list_commands(click.Context(group)):
            command = group.get_command(click.Context(group), name)
            if isinstance(command, click.Group):
                yield from leaves(command, f"{path}{name} ")
            elif command and any("--json" in option.opts for option in command.params):
                yield f"{path}{name}"

    missing = [
        name
        for name in leaves(podfetch)
        if name not in HARMLESS
        and not any(f"{command} ".startswith(f"{name} ") for command in COMMANDS)
    ]
    assert missing == [], "add them to COMMANDS above"


def test_screens_and_the_snapshot_show_no_secret(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from support.archive import rows

    monkeypatch.chdir(world.folder)
    loaded = load_settings(Context())
    credentials, problems = load_credentials(world.folder / "podfetch.credentials")
    assert problems == ()
    engine = run_once(loaded.settings, *world.urls, credentials=credentials)
    snapshot = engine.governor.latest
    assert snapshot.totals["polls"]
    assert_silent("the snapshot", msgspec.json.encode(snapshot).decode())
    for kind in ("feeds", "episodes", "events"):
        assert_silent(kind, json.dumps(rows(loaded.settings, kind), ensure_ascii=False))


def test_a_credentials_file_that_others_may_read_stops_every_command(world: World) -> None:
    path = world.folder / "podfetch.credentials"
    path.chmod(0o640)
    for words in (("--once",), ("feeds", "list"), ("config", "check")):
        done = world.podfetch(*words)
        assert done.returncode == 3
        assert f"chmod 600 {path}" in done.stdout + done.stderr
        assert_silent("the refusal", done.stdout + done.stderr)
    path.chmod(0o600)
    path.write_text(path.read_text().replace("password", "pasword"))
    done = world.podfetch("feeds", "list")
    assert done.returncode == 3
    assert "podfetch.credentials:3: unknown key pasword" in done.stderr
    assert_silent("the complaint", done.stderr)
