"""The credentials file: private, exact about its lines, and silent about its values."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfetch_tui.config.credentials import load_credentials, parse_credentials
from podfetch_tui.model.credentials import Credentials

CANARY = "Zq9-canary-secret"


def parsed(text: str) -> Credentials:
    credentials, problems = parse_credentials(text, file="c")
    assert problems == ()
    return credentials


def complaints(text: str) -> list[str]:
    _, problems = parse_credentials(text, file="c")
    assert not any(CANARY in problem.text for problem in problems)
    return [problem.text for problem in problems]


def written(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "podfetch.credentials"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


def test_a_host_stands_for_its_https_origin_alone() -> None:
    credentials = parsed(f"[Members.Example.org]\nuser = me\npassword = {CANARY}\n")
    entry = credentials.entry_for(("https", "members.example.org", 443))
    assert entry is not None
    assert entry.fields() == {"Authorization": "Basic bWU6WnE5LWNhbmFyeS1zZWNyZXQ="}
    for origin in (
        ("http", "members.example.org", 80),
        ("https", "members.example.org", 8443),
        ("https", "example.org", 443),
        ("https", "members.example.org.evil.org", 443),
    ):
        assert credentials.entry_for(origin) is None


def test_an_origin_may_be_plain_http_when_it_says_so() -> None:
    credentials = parsed(f"[http://127.0.0.1:8080]\ntoken = {CANARY}\n")
    entry = credentials.entry_for(("http", "127.0.0.1", 8080))
    assert entry is not None
    assert entry.fields() == {"Authorization": f"Bearer {CANARY}"}


def test_an_entry_for_one_feed_goes_before_that_of_its_host_and_to_no_other_feed() -> None:
    credentials = parsed("[https://h.org/a.xml]\ntoken = own\n[h.org]\ntoken = common\n")
    origin = ("https", "h.org", 443)
    own = credentials.entry_for(origin, feed_url="https://user:pw@h.org/a.xml")
    common = credentials.entry_for(origin, feed_url="https://h.org/b.xml")
    assert own is not None
    assert common is not None
    assert (own.token, common.token) == ("own", "common")
    assert credentials.entry_for(("https", "cdn.org", 443), feed_url="https://h.org/a.xml") is None


def test_a_named_entry_is_used_alone_and_still_only_where_it_belongs() -> None:
    credentials = parsed(
        "[team]\nfor = https://h.org https://cdn.h.org:8443\ntoken = team\n[h.org]\ntoken = host\n"
    )
    for origin in (("https", "h.org", 443), ("https", "cdn.h.org", 8443)):
        entry = credentials.entry_for(origin, feed_url="https://h.org/a", auth="team")
        assert entry is not None
        assert entry.token == "team"
    assert credentials.entry_for(("https", "other.org", 443), auth="team") is None
    assert credentials.entry_for(("https", "h.org", 443), auth="nobody") is None


def test_headers_and_secret_query_keys_are_kept() -> None:
    credentials = parsed(f'[h.org]\nheader.X-Api-Key = "{CANARY} #1"\nsecret_query = sid, Member\n')
    (entry,) = credentials.entries
    assert entry.fields() == {"x-api-key": f"{CANARY} #1"}
    assert credentials.secret_query == {"sid", "member"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"[h.org]\nuser = me\npasword = {CANARY}\n",
            "c:3: unknown key pasword (did you mean password?)",
        ),
        (
            f"[h.org]\nuser = me\ntoken = {CANARY}\n",
            "c:2: a section has a user and password, or a token",
        ),
        (f"token = {CANARY}\n", "c:1: there is no [section] above this key"),
        (f"[h.org]\n{CANARY}\n", "c:2: expected key = value, [section] or a comment"),
        ("[h.org]\n", "c:1: the section says nothing to show"),
        ("[h.org]\ntoken =\n", "c:2: token: there is no value"),
        (f"[h.org]\ntoken = {CANARY}\n  more\n", "c:2: token: expected one line"),
        (f"[h.org]\npassword = a #{CANARY}\n", "c:2: password: a part is taken as a comment"),
        (f"[h.org]\ntoken = {CANARY}é\n", "c:2: token: only printable ASCII"),
        (f"[h.org]\nheader.Host = {CANARY}\n", "c:2: host is PodFetch's own to set"),
        (f"[h.org]\nheader.a b = {CANARY}\n", "c:2: a b cannot be the name of a header field"),
        ("[h.org]\nuser = a:b\n", "c:2: user: a user name for HTTP holds no colon"),
        (f"[team]\ntoken = {CANARY}\n", "c:1: [team]: neither a host nor a URL"),
        (f"[https://u:{CANARY}@h.org]\ntoken = x\n", "c:1: [https://***@h.org]: write user"),
        ("[ftp://h.org]\ntoken = x\n", "c:1: [ftp://h.org]: wrong scheme ftp"),
        ("[h.org]\ntoken = x\n[h.org]\ntoken = y\n", "c:3: the section stands in line 1 already"),
        (
            "[h.org]\ntoken = x\n[https://h.org/]\ntoken = y\n",
            "c:3: the entry of line 1 is for the same",
        ),
        ("[h.org]\ntoken = x\ntoken = y\n", "c:3: token stands in line 2 already"),
    ],
)
def test_a_bad_line_is_named_with_file_and_line_and_without_its_value(
    text: str, expected: str
) -> None:
    found = complaints(text)
    assert any(problem.startswith(expected) for problem in found), found


def test_a_section_with_a_problem_gives_no_entry() -> None:
    credentials, problems = parse_credentials(
        "[h.org]\nuser = me\nx = 1\n[i.org]\ntoken = t\n", file="c"
    )
    assert [entry.name for entry in credentials.entries] == ["i.org"]
    assert len(problems) == 1


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_raise(text: str) -> None:
    parse_credentials(text, file="c")


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o601])
def test_a_file_that_others_have_rights_on_is_refused_with_the_command_that_mends_it(
    tmp_path: Path, mode: int
) -> None:
    path = written(tmp_path, f"[h.org]\ntoken = {CANARY}\n", mode)
    credentials, (problem,) = load_credentials(path)
    assert credentials.entries == ()
    assert problem.hint == f"chmod 600 {path}"


def test_a_symbolic_link_counts_by_what_it_leads_to(tmp_path: Path) -> None:
    path = written(tmp_path, "[h.org]\ntoken = secret-token\n")
    link = tmp_path / "link here"
    link.symlink_to(path)
    assert [entry.name for entry in load_credentials(link)[0].entries] == ["h.org"]
    path.chmod(0o644)
    _, (problem,) = load_credentials(link)
    assert problem.hint == f"chmod 600 {path}"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
@pytest.mark.root
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, "[h.org]\ntoken = secret-token\n")
    os.chown(path, 4711, -1)
    _, (problem,) = load_credentials(path)
    assert "another user" in problem.message
    assert problem.hint.startswith("sudo chown 0 ")


def test_what_is_no_file_or_no_text_is_a_problem(tmp_path: Path) -> None:
    assert "cannot be read" in load_credentials(tmp_path)[1][0].text
    assert "cannot be read" in load_credentials(tmp_path / "no")[1][0].text
    path = tmp_path / "b"
    path.write_bytes(b"[h.org]\ntoken = \xff\xfe\n")
    path.chmod(0o600)
    (problem,) = load_credentials(path)[1]
    assert (problem.line, problem.message) == (2, "there are bytes that are not UTF-8")


def test_no_value_shows_in_a_repr() -> None:
    credentials = parsed(f"[h.org]\ntoken = {CANARY}\n")
    assert CANARY not in repr(credentials)
    assert CANARY not in repr(credentials.entries)
