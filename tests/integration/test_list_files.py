"""Feed lists as files: exported, imported into another archive, broken."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
from support.program import json_lines, podfetch

SET = (
    "url,title,priority,tags,folders,interval,backlog,enabled,user_agent,feed_max,allow_private,"
    "auth,state,state_reason\n"
    'http://a.example/f?a=1&b=<2>,"A ""quoted"", title & more",5,"News,Tech,x",2,2h,all,yes,'
    "Me/1 (x),64 MiB,,bank,,\n"
    "http://b.example/f,,,,,,,no,,,,,,\n"
    "http://10.0.0.1:8080/f,Größe 日本,-3,News,1,90s,12,yes,,,10.0.0.0/8 fd00::/8,,,\n"
    'http://d.example/f,D,0,"News,Tech",2,,since 2024-01-31,,,,,,retired,no more\n'
    'http://e.example/f,E,,"b\\, c,a",,1d,none,,,,,,paused,by hand\n'
)
_ASIDE = ("id", "next_poll_at", "last_success_at", "since")


def _rows(archive: str) -> list[dict[str, Any]]:
    rows = json_lines("--archive", archive, "feeds", "list", "--json")
    return [{key: row[key] for key in row if key not in _ASIDE} for row in rows]


@pytest.fixture
def archive(tmp_path: Path) -> str:
    """An archive with feeds that have all kinds of settings."""
    (tmp_path / "set.csv").write_text(SET)
    root = str(tmp_path / "archive")
    done = podfetch("--archive", root, "import", str(tmp_path / "set.csv"))
    assert "5 new, 0 duplicate, 0 rejected" in done.stderr
    assert "1 feed may reach private addresses" in done.stderr
    return root


@pytest.mark.parametrize("form", ["opml", "csv", "json", "jsonl"])
def test_an_export_imports_back_to_the_same_feeds(form: str, archive: str, tmp_path: Path) -> None:
    file, again = tmp_path / f"set.{form}", str(tmp_path / "again")
    done = podfetch("--archive", archive, "export", form, "-o", str(file))
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"5 feeds in {file}\n"
    done = podfetch("--archive", again, "import", str(file))
    assert "5 new, 0 duplicate, 0 rejected" in done.stderr
    wanted = _rows(archive)
    assert _rows(again) == wanted
    assert wanted[1]["state"] == "paused"


def test_folders_nest_back(archive: str) -> None:
    text = podfetch("--archive", archive, "export", "opml").stdout
    places = [text.index(f'text="{name}"') for name in ("News", "Größe 日本", "Tech", "D")]
    assert places == sorted(places)
    assert text.count('<outline text="News">') == 1


def test_an_export_of_some_feeds_has_only_them(archive: str) -> None:
    for words in (("4", "1"), ("tag:Tech", "priority>-1")):
        done = podfetch("--archive", archive, "export", "csv", *words)
        urls = [line.partition("/f")[0] for line in done.stdout.splitlines()[1:]]
        assert urls == ["http://a.example", "http://d.example"], done.stderr
    assert podfetch("--archive", archive, "export", "csv", "999").returncode == 2


def test_secrets_stay_out_unless_they_are_asked_for(tmp_path: Path) -> None:
    archive, file = str(tmp_path / "archive"), tmp_path / "feeds.txt"
    file.write_text("https://u:canary1@a.example/f?x=1&token=canary2\nhttp://b.example/f?x=1\n")
    podfetch("--archive", archive, "import", str(file))
    for form in ("opml", "csv", "json", "jsonl"):
        done = podfetch("--archive", archive, "export", form)
        assert "canary" not in done.stdout + done.stderr
        assert "https://a.example/f?x=1" in done.stdout
        assert "secrets were left out of 1 URL," in done.stderr
    out = tmp_path / "out.json"
    out.write_text("old")
    out.chmod(0o644)
    done = podfetch("--archive", archive, "export", "json", "--with-secrets", "-o", str(out))
    assert done.stderr == f"2 feeds in {out}\n"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert "u:canary1@" in out.read_text()
    again = str(tmp_path / "again")
    podfetch("--archive", again, "import", str(out))
    assert _rows(again) == _rows(archive)


def test_an_export_that_cannot_be_written_says_why_and_leaves_what_is_there(
    archive: str, tmp_path: Path
) -> None:
    for where in (tmp_path, tmp_path / "none" / "x.csv"):
        done = podfetch("--archive", archive, "export", "csv", "-o", str(where))
        assert (done.returncode, done.stdout) == (2, "")
        assert str(where) in done.stderr
    assert podfetch("--archive", archive, "export", "xml").returncode == 2
    done = podfetch("--archive", str(tmp_path / "no archive"), "export", "csv")
    assert done.returncode == 7


def test_broken_opml_is_named_with_its_line_and_nothing_of_it_is_taken(
    archive: str, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.opml", tmp_path / "bad.opml"
    feed = '<outline xmlUrl="http://new.example/{}"/>\n'
    good.write_text(f"<opml>{feed.format(1)}</opml>")
    bad.write_text(f"<opml>\n{feed.format(2)}<outline text='x'>\n</opml>")
    done = podfetch("--archive", archive, "import", str(good), str(bad))
    assert done.returncode == 2
    assert done.stderr == (
        f"podfetch: {bad}: line 4: this OPML is not well-formed: mismatched tag\n"
    )
    assert len(_rows(archive)) == 5
