from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from podfetch_tui.config.checks import Contradiction
from podfetch_tui.config.ini import load, load_file
from podfetch_tui.config.loaded import Loaded, Origin, refuse
from podfetch_tui.model.errors import BadConfiguration
from podfetch_tui.model.settings import Settings, keys


def _texts(loaded: Loaded) -> list[str]:
    return [problem.text for problem in loaded.problems]


def _only(loaded: Loaded) -> str:
    (text,) = _texts(loaded)
    return text


def test_nothing_written_gives_every_default_and_says_so() -> None:
    loaded = load("")
    assert loaded.settings == Settings()
    assert loaded.problems == ()
    assert {source.text for source in loaded.sources.values()} == {"default"}
    assert set(loaded.sources) == {key.id for key in keys()}


def test_a_later_layer_wins_and_each_value_names_its_source() -> None:
    loaded = load(
        "[engine]\nper_host = 3\npoll_workers = 5\nbatch_min = 7\nbatch_max = 8\n",
        file="/etc/p.ini",
        env={
            "PODFETCH_ENGINE__POLL_WORKERS": "6",
            "PODFETCH_ENGINE__BATCH_MIN": "9",
            "PODFETCH_CONFIG": "x",
            "ENGINE__PER_HOST": "64",
        },
        overrides=[("engine.batch_min", "10"), ("engine.batch_min", "11")],
        runtime=[("engine.batch_max", "12")],
    )
    assert loaded.problems == ()
    engine = loaded.settings.engine
    assert (engine.per_host, engine.poll_workers) == (3, 6)
    assert (engine.batch_min, engine.batch_max) == (11, 12)
    assert loaded.sources["engine.per_host"].text == "/etc/p.ini:2"
    assert loaded.sources["engine.poll_workers"].text == "PODFETCH_ENGINE__POLL_WORKERS"
    assert loaded.sources["engine.batch_min"].text == "command line"
    assert loaded.sources["engine.batch_max"].origin is Origin.RUNTIME
    assert loaded.sources["engine.drain_timeout"].text == "default"
    assert loaded.in_file["engine.batch_max"] == "8"


def test_every_problem_is_told_at_once_in_the_order_of_the_file() -> None:
    text = (
        "[engine]\npoll_workrs = 16\nper_host = many\n[netwrk]\nx = 1\n"
        "[feeds]\nmedia_max = 4 GB\nmin_interval = 1\noops\n"
    )
    assert _texts(load(text, file="p.ini", env={"PODFETCH_RETRY__ATTEMPS": "1"})) == [
        "p.ini:2: unknown key engine.poll_workrs (did you mean poll_workers?)",
        'p.ini:3: engine.per_host = "many": expected a whole number (1 to 1024, default 2)',
        "p.ini:4: unknown section [netwrk] (did you mean [network]?)",
        "p.ini:7: unknown key feeds.media_max (did you mean network.media_max?)",
        'p.ini:8: feeds.min_interval = "1": a duration needs a unit: 1s, 1m or 1h?'
        " (1s to 30d, default 15m)",
        "p.ini:9: expected key = value, [section] or a comment",
        "PODFETCH_RETRY__ATTEMPS: unknown key retry.attemps (did you mean attempts?)",
    ]


def test_a_wrong_value_leaves_the_right_ones_readable() -> None:
    loaded = load("[engine]\nper_host = many\npoll_workers = 5\n")
    assert loaded.settings.engine.per_host == Settings().engine.per_host
    assert loaded.settings.engine.poll_workers == 5


def test_a_wrong_value_in_the_file_is_a_problem_even_where_it_is_overridden() -> None:
    loaded = load("[engine]\nper_host = many\n", overrides=[("engine.per_host", "4")])
    assert len(loaded.problems) == 1


def test_doubled_sections_and_keys_are_problems() -> None:
    loaded = load("[engine]\nper_host = 1\nPER_HOST = 2\n[Engine]\nper_host = 3\n", file="p.ini")
    assert _texts(loaded) == [
        "p.ini:3: engine.per_host stands in line 2 already (keep one of them)",
        "p.ini:4: section [Engine] stands in line 1 already (put its keys together)",
        "p.ini:5: engine.per_host stands in line 2 already (keep one of them)",
    ]
    assert loaded.settings.engine.per_host == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[feeds]\nmin_interval = 2h\n", "feeds.min_interval (2h) is above"),
        ("[feeds]\nmax_interval = 30m\n", "feeds.default_interval (1h) is above"),
        ("[engine]\nbatch_min = 600\n", "engine.batch_min (600) is above engine.batch_max (500)"),
        ("[engine]\nqueue_limit = 100\n", "engine.batch_max (500) is above"),
        ("[engine]\nrss_hard = 512 MiB\n", "engine.rss_soft (1 GiB) is above"),
        ("[retry]\nbase = 2m\n", "retry.base (2m) is above retry.cap (1m)"),
        ("[quarantine]\ncooldown = 8d\n", "quarantine.cooldown (8d) is above"),
        ("[quarantine]\nopen_after_failures = 13\n", "quarantine.open_after_failures (13) is"),
        ("[network]\nfeed_deadline = 5s\n", "network.connect_timeout (10s) is above"),
        ("[monitor]\ntcp = 10.0.0.1:99\ntoken_file = t\n", "monitor.tcp is not a loopback"),
        ("[monitor]\ntcp = 127.0.0.1:99\n", "monitor.tcp needs monitor.token_file"),
        ("[keys]\nfeeds.check = f7\nfeeds.pause = f5, f7\n", "f7 would be both feeds.check"),
    ],
)
def test_settings_that_contradict_each_other_are_told(text: str, message: str) -> None:
    shown = _only(load(text, file="p.ini"))
    assert message in shown
    assert shown.startswith("p.ini:")


def test_a_contradiction_names_the_places_of_both_keys() -> None:
    loaded = load(
        "[feeds]\nmin_interval = 2h\n",
        file="p.ini",
        overrides=[("feeds.default_interval", "90m")],
    )
    assert _only(loaded) == (
        "command line: feeds.min_interval (2h) is above feeds.default_interval (1h30m)"
        " (set both; feeds.min_interval is set in p.ini:2)"
    )


def test_a_key_that_is_wrong_alone_contradicts_nothing() -> None:
    loaded = load("[feeds]\ndefault_interval = 30h\nmax_interval = often\n", file="p.ini")
    assert _only(loaded).startswith("p.ini:3: feeds.max_interval")


def test_rss_limits_may_be_off() -> None:
    assert load("[engine]\nrss_hard = 0\n").problems == ()


def test_further_checks_are_shown_with_the_line_of_their_key() -> None:
    def check(settings: Settings) -> Iterator[Contradiction]:
        if "{titel}" in settings.archive.filename:
            yield Contradiction(("archive.filename",), "no such field {titel}")

    loaded = load("[archive]\n\nfilename = {titel}\n", file="p.ini", checks=[check])
    assert _only(loaded) == "p.ini:3: no such field {titel}"


def test_text_that_would_be_lost_to_a_comment_is_a_problem() -> None:
    loaded = load("[archive]\nfilename = {feed}/{title} #{number}\n", file="p.ini")
    assert "#{number} is taken as a comment" in _only(loaded)
    assert load("[archive]\nfilename = {feed}/{title} # by title\n").problems == ()
    quoted = load('[archive]\nfilename = "{feed}/{title} #{number}"\n')
    assert quoted.settings.archive.filename == "{feed}/{title} #{number}"


def test_bindings_are_read_by_id_and_checked() -> None:
    loaded = load("[keys]\nfeeds.check = ctrl+r, f5\napp.quit = f9\n")
    assert loaded.problems == ()
    bound = (("feeds.check", "ctrl+r,f5"), ("app.quit", "f9"))
    assert loaded.settings.keys.bindings == bound
    text = "[keys]\napp.quit = ctrl+i\napp.help = two words\n9 = x\nfeeds.chek = x\n"
    wrong = load(text, env={"PODFETCH_KEYS__A": "b"})
    assert sorted(problem.line for problem in wrong.problems) == [0, 2, 3, 4, 5]
    said = "\n".join(problem.message for problem in wrong.problems)
    assert "cannot tell ctrl+i from tab" in said
    assert "no action has this id; did you mean feeds.check?" in said


def test_one_key_cannot_mean_two_things_at_one_place() -> None:
    for text, said in (
        ("feeds.check = p", "p would be both feeds.check and feeds.pause"),
        ("feeds.check = q", "q would be both feeds.check and app.quit"),
        ("feeds.check = f7\nfeeds.pause = f7", "f7 would be both feeds.check and feeds.pause"),
    ):
        assert said in _only(load(f"[keys]\n{text}\n"))
    for text in ("quit.drain = r", "feeds.check = p\nfeeds.pause = r", "feeds.check = d"):
        assert load(f"[keys]\n{text}\n").problems == (), text


def test_a_secret_never_stands_in_a_problem() -> None:
    loaded = load("[network]\nproxy = user:hunter2@proxy\n")
    assert "hunter2" not in _only(loaded)
    assert "network.proxy = ***" in _only(loaded)


def test_remote_looking_text_cannot_write_to_the_terminal() -> None:
    loaded = load("[engine]\nper_host = \x1b]0;owned\x07\n[\x1b[31m]\n\x1b[2J = 1\n")
    assert loaded.problems
    assert not any("\x1b" in text or "\x07" in text for text in _texts(loaded))


def test_nothing_is_interpolated() -> None:
    loaded = load("[archive]\nroot = /srv/%(x)s/$HOME/${y}\n")
    assert loaded.settings.archive.root == "/srv/%(x)s/$HOME/${y}"


def test_relative_paths_begin_at_the_folder_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "p.ini"
    file.write_bytes(b"\xef\xbb\xbf[feeds]\r\nlists = a.csv\r\n  sub/b.txt\r\n")
    loaded = load_file(file, overrides=[("archive.root", "pods")])
    assert loaded.problems == ()
    assert loaded.settings.feeds.lists == (str(tmp_path / "a.csv"), str(tmp_path / "sub/b.txt"))
    assert loaded.settings.archive.root == "pods"
    assert loaded.sources["feeds.lists"].text == f"{file}:2"


def test_a_file_that_cannot_be_read_is_a_problem_like_any_other(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    latin = tmp_path / "latin.ini"
    latin.write_bytes(b"[network]\ncontact = M\xfcller\n")
    assert "No such file" in _only(load_file(tmp_path / "none.ini"))
    assert "a folder" in _only(load_file(tmp_path))
    assert "not a regular file" in _only(load_file(fifo))
    assert _only(load_file(latin)).startswith(f"{latin}:2: there are bytes that are not UTF-8")
    assert load_file(Path(os.devnull)).problems == ()


def test_refuse_lists_every_problem_and_passes_none() -> None:
    refuse(())
    with pytest.raises(BadConfiguration, match=r"2 problems:\n.*per_host.*\n.*poll_workers"):
        refuse(load("[engine]\nper_host = x\npoll_workers = y\n").problems)
