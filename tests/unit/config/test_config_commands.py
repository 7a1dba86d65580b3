from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from podfetch_tui.cli.config_commands import config_group
from podfetch_tui.cli.context import Context, config_file, load_settings
from podfetch_tui.model.errors import BadConfiguration, UsageError
from podfetch_tui.model.settings import keys


@pytest.fixture(autouse=True)
def _nobody_elses_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("XDG_CONFIG_HOME", "PODFETCH_CONFIG"):
        monkeypatch.delenv(name, raising=False)


def _run(*arguments: str, context: Context | None = None) -> Result:
    return CliRunner().invoke(config_group, arguments, obj=context or Context())


def _objects(result: Result) -> list[dict[str, object]]:
    assert result.exit_code == 0
    return [json.loads(line) for line in result.stdout.splitlines()]


def _ini(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


def test_the_ini_is_looked_for_where_the_manual_says(tmp_path: Path) -> None:
    users = tmp_path / "home" / ".config" / "podfetch" / "podfetch.ini"
    found = [config_file(Context(), {})]
    users.parent.mkdir(parents=True)
    users.touch()
    found.append(config_file(Context(), {}))
    Path("podfetch.ini").touch()
    found.append(config_file(Context(), {}))
    found.append(config_file(Context(), {"PODFETCH_CONFIG": "env.ini"}))
    found.append(config_file(Context(config_file="named.ini"), {"PODFETCH_CONFIG": "env.ini"}))
    expected = [None, users, "podfetch.ini", "env.ini", "named.ini"]
    assert [str(path) for path in found] == [str(path) for path in expected]


def test_a_named_ini_that_is_missing_is_bad_configuration() -> None:
    with pytest.raises(BadConfiguration, match=r"none.ini: cannot be read: No such file"):
        load_settings(Context(config_file="none.ini"), {})


def test_command_line_beats_environment_beats_file(tmp_path: Path) -> None:
    file = _ini(tmp_path / "p.ini", "[engine]\nper_host = 3\nbatch_min = 4\nbatch_max = 5\n")
    env = {"PODFETCH_ENGINE__BATCH_MIN": "6", "PODFETCH_ENGINE__BATCH_MAX": "7"}
    context = Context(config_file=file, sets=("engine.batch_max=8",))
    engine = load_settings(context, env).settings.engine
    assert (engine.per_host, engine.batch_min, engine.batch_max) == (3, 6, 8)


def test_archive_is_an_absolute_override_of_the_root(tmp_path: Path) -> None:
    loaded = load_settings(Context(archive="pods #1"), {})
    assert loaded.settings.archive.root == str(tmp_path / "pods #1")
    assert loaded.sources["archive.root"].text == "command line"


def test_options_that_make_no_sense_are_usage_errors() -> None:
    for context in (Context(sets=("engine.per_host",)), Context(sets=("=3",)), Context(archive="")):
        with pytest.raises(UsageError, match=r"--set|--archive"):
            load_settings(context, {})


def test_every_problem_is_in_the_error(tmp_path: Path) -> None:
    file = _ini(tmp_path / "p.ini", "[engine]\nper_host = many\nworkers = 3\n")
    context = Context(config_file=file, sets=("retry.attempts=99",))
    with pytest.raises(BadConfiguration, match="3 problems") as caught:
        load_settings(context, {})
    assert f"{file}:2: " in str(caught.value)
    assert f"{file}:3: " in str(caught.value)
    assert "command line: retry.attempts" in str(caught.value)


def test_a_pattern_for_file_names_is_checked_with_its_line(tmp_path: Path) -> None:
    file = _ini(tmp_path / "p.ini", "[archive]\nfilename = {feed}/{titel}\n")
    with pytest.raises(BadConfiguration, match=r"p.ini:2: .*did you mean \{title\}"):
        load_settings(Context(config_file=file), {})


def test_show_prints_each_value_with_its_source(tmp_path: Path) -> None:
    file = _ini(tmp_path / "p.ini", "[engine]\nper_host = 3\n[keys]\napp.quit = f9\n")
    result = _run("show", "engine.per_host", "keys", context=Context(config_file=file))
    assert [line.split() for line in result.stdout.splitlines()] == [
        ["engine.per_host", "=", "3", "#", f"{file}:2"],
        ["keys.app.quit", "=", "f9", "#", f"{file}:4"],
    ]


def test_show_json_holds_every_key_typed() -> None:
    rows = {row["key"]: row for row in _objects(_run("show", "--json"))}
    assert set(rows) == {key.id for key in keys()}
    assert rows["feeds.max_interval"] == {
        "key": "feeds.max_interval",
        "value": 86400.0,
        "text": "1d",
        "default": "1d",
        "source": "default",
        "origin": "default",
        "applies": "next_batch",
        "in_file": None,
        "pending": False,
        "ends_at": None,
    }


def test_secrets_are_shown_by_no_command(tmp_path: Path) -> None:
    file = _ini(
        tmp_path / "p.ini",
        "[network]\nproxy = http://u:hunter2@proxy:1\n[alerts]\nwebhook = http://h/hunter2\n",
    )
    context = Context(config_file=file)
    for command in (["show"], ["show", "--json"], ["diff"], ["diff", "--json"], ["check"]):
        result = _run(*command, context=context)
        assert result.exit_code == 0
        assert "hunter2" not in result.output
    assert "network.proxy = ***" in _run("diff", context=context).stdout


def test_diff_prints_what_differs_and_nothing_else(tmp_path: Path) -> None:
    assert _run("diff").stdout == ""
    file = _ini(
        tmp_path / "p.ini", "[engine]\nper_host = 2\npoll_workers = 9\n[keys]\napp.quit = f9\n"
    )
    rows = _objects(_run("diff", "--json", context=Context(config_file=file)))
    assert [(row["key"], row["text"], row["default"]) for row in rows] == [
        ("engine.poll_workers", "9", "32"),
        ("keys.app.quit", "f9", ""),
    ]


def test_check_is_content_with_good_settings(tmp_path: Path) -> None:
    file = _ini(tmp_path / "p.ini", "[engine]\nper_host = 3\n")
    result = _run("check", context=Context(config_file=file))
    assert (result.exit_code, result.stdout) == (0, f"{file}: ok\n")
    report = json.loads(_run("check", "--json", context=Context(config_file=file)).stdout)
    assert report == {"ok": True, "file": file, "problems": []}


def test_check_lists_every_problem_and_exits_with_3(tmp_path: Path) -> None:
    file = _ini(tmp_path / "p.ini", "[engine]\nper_host = many\n[enigne]\n")
    context = Context(config_file=file)
    result = _run("check", context=context)
    assert result.exit_code == 3
    assert result.stdout.splitlines() == [
        f'{file}:2: engine.per_host = "many": expected a whole number (1 to 1024, default 2)',
        f"{file}:3: unknown section [enigne] (did you mean [engine]?)",
    ]
    result = _run("check", "--json", context=context)
    assert result.exit_code == 3
    report = json.loads(result.stdout)
    assert not report["ok"]
    assert [problem["line"] for problem in report["problems"]] == [2, 3]
    assert report["problems"][0]["key"] == "engine.per_host"


def test_show_and_diff_refuse_bad_settings(tmp_path: Path) -> None:
    file = _ini(tmp_path / "p.ini", "[engine]\nper_host = many\n")
    for command in ("show", "diff"):
        result = _run(command, context=Context(config_file=file))
        assert isinstance(result.exception, BadConfiguration)
        assert result.stdout == ""


def test_describe_tells_what_a_key_means() -> None:
    assert _run("describe", "ENGINE.per_host").stdout.splitlines() == [
        "engine.per_host",
        "    Connections to one host at once; 1 to 4 is polite.",
        "    default 2; 1 to 1024; applies live",
    ]
    rows = _objects(_run("describe", "retry", "--json"))
    assert [row["key"] for row in rows] == ["retry.attempts", "retry.base", "retry.cap"]
    assert len(_objects(_run("describe", "--json"))) == len(keys())


def test_an_unknown_name_is_a_usage_error_with_a_suggestion() -> None:
    for command in ("show", "describe"):
        result = _run(command, "engine.per_hots")
        assert isinstance(result.exception, UsageError)
        assert "did you mean engine.per_host?" in str(result.exception)
