from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from support.corpus import corpus_files, requires_corpus

from podfetch_tui.config.sources import FeedList, Rejected, read_list, read_list_file
from podfetch_tui.model.errors import UsageError
from podfetch_tui.model.feed import Backlog, BacklogKind, FeedState
from podfetch_tui.model.writes import NewFeed


def _read(text: str, name: str = "feeds.csv") -> FeedList:
    return read_list(text.encode(), name=name)


def _urls(found: FeedList) -> list[str]:
    return [entry.url for entry in found.entries]


def _reasons(found: FeedList) -> list[tuple[int, str]]:
    return [(rejected.line, rejected.reason) for rejected in found.rejected]


def test_all_columns_in_any_order_and_case_are_read() -> None:
    found = _read(
        "Enabled,TITLE,tags,URL,backlog,Interval,priority\n"
        'no," A ""quoted"", title ",news; daily;news,http://a.example/f,since 2024-01-31,2h,-3\n'
    )
    assert found.entries == (
        NewFeed(
            url="http://a.example/f",
            title='A "quoted", title',
            priority=-3,
            tags=("news", "daily"),
            interval=7200,
            backlog=Backlog(BacklogKind.SINCE, since=1706659200000),
            enabled=False,
            line=2,
        ),
    )
    assert (found.rejected, found.duplicates, found.notes) == ((), (), ())


def test_settings_of_one_feed_alone_are_columns_too() -> None:
    found = _read(
        "url,user_agent,feed_max,allow_private,state,state_reason\n"
        "http://10.0.0.1/f,Mozilla/5.0 (me),64 MiB,10.0.0.0/8 fd00::/8,Retired,no more\n"
        "http://10.0.0.1/g,,,,,\n"
        "http://a.example/,Ünsinn,,,,\n"
        "http://a.example/,,12 B,,,\n"
        "http://a.example/,,,10.0.0.1/8,,\n"
        "http://a.example/,,,,asleep,\n"
    )
    assert found.entries == (
        NewFeed(
            url="http://10.0.0.1/f",
            user_agent="Mozilla/5.0 (me)",
            feed_max=64 * 1024**2,
            allow_private=("10.0.0.0/8", "fd00::/8"),
            state=FeedState.RETIRED,
            state_reason="no more",
            line=2,
        ),
    )
    starts = ("blocked address", "user_agent: only ASCII", "feed_max: ", "allow_private: ", "state")
    for (line, reason), start in zip(_reasons(found), starts, strict=True):
        assert reason.startswith(start), line


def test_a_tag_may_hold_what_separates_tags_behind_a_backslash() -> None:
    cell = r"News\, Politics|AC\DC;a\\,b"
    found = _read(f'url,tags\nhttp://a.example/,"{cell}"\n')
    assert found.entries[0].tags == ("News, Politics", "AC\\DC", "a\\", "b")


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"])
def test_tables_come_as_spreadsheets_write_them(delimiter: str, ending: str, bom: bytes) -> None:
    rows = [["title", "url"], ['"A, B; C"', "http://a.example/"], ["", ""], ["D", "http://d/"]]
    text = ending.join(delimiter.join(row) for row in rows)
    found = read_list(bom + text.encode(), name="x.csv")
    assert [(e.title, e.url, e.line) for e in found.entries] == [
        ("A, B; C", "http://a.example/", 2),
        ("D", "http://d/", 4),
    ]


def test_a_separator_line_and_comments_may_stand_above_the_header() -> None:
    found = _read("\nsep=;\n# mine\nurl;title\nhttp://a.example/;A\n# end\n")
    assert _urls(found) == ["http://a.example/"]
    assert found.entries[0].line == 5


def test_unknown_columns_are_told_once_and_harm_nothing() -> None:
    found = _read("id,url,Rating\n1,http://a.example/,5\n2,http://b.example/,4\n")
    assert found.notes == ("columns that are not used: id, rating",)
    assert len(found.entries) == 2


def test_a_plain_list_has_a_url_a_line_with_comments() -> None:
    found = _read("# mine\n\n http://a.example/x,y \nHTTP://B.example#top\n", "feeds.txt")
    assert _urls(found) == ["http://a.example/x,y", "http://b.example/"]
    assert [entry.line for entry in found.entries] == [3, 4]
    assert _urls(_read("http://a.example/f # the best\n", "-")) == ["http://a.example/f"]


def test_one_line_that_is_not_utf_8_spoils_no_other() -> None:
    data = "url,title\nhttp://a.example/,Größe\n".encode() + b"http://b.example/,Gr\xf6\xdfe\x81\n"
    found = read_list(data, name="x.csv")
    assert [entry.title for entry in found.entries] == ["Größe", "Größe�"]


def test_a_bad_line_is_rejected_with_its_number_and_the_rest_goes_on() -> None:
    found = _read(
        "url,title,priority,interval,backlog,enabled\n"
        "ftp://a.example/,x\n"
        "no url at all,x\n"
        ",x\n"
        "http://192.168.1.1/,x\n"
        "http://b.example/,x,high\n"
        "http://b.example/,x,1,5\n"
        "http://b.example/,x,1,0s\n"
        "http://b.example/,x,1,1h,some\n"
        "http://b.example/,x,1,1h,all,maybe\n"
        "http://b.example/,x,1,1h,all,yes,more\n"
        "http://b.example/,x,9999999\n"
        "http://ok.example/,x,,,,\n"
    )
    assert _urls(found) == ["http://ok.example/"]
    lines, reasons = zip(*_reasons(found))  # noqa: B905 - pairs
    assert lines == tuple(range(2, 13))
    starts = (
        "wrong scheme ftp",
        "not a URL",
        "there is no URL",
        "blocked address 192.168.1.1: private",
        "priority: expected a whole number",
        "interval: a duration needs a unit",
        "interval: expected 1s",
        "backlog: expected all, none",
        "enabled: expected yes or no",
        "more cells than the header",
        "priority: expected a whole number up to",
    )
    for reason, start in zip(reasons, starts):  # noqa: B905 - as long as lines
        assert reason.startswith(start)


def test_a_line_with_too_many_tags_is_rejected() -> None:
    tags = ["|".join(map(str, range(count))) for count in (50, 51)]
    found = _read(f"url,tags\nhttp://a.example/,{tags[0]}\nhttp://b.example/,{tags[1]}\n")
    assert [len(entry.tags) for entry in found.entries] == [50]
    assert _reasons(found) == [(3, "tags: more than 50 of them")]


def test_duplicates_merge_and_the_later_line_wins_where_it_says_something() -> None:
    found = _read(
        "url,title,priority,tags\n"
        "http://a.example/,First,5,one\n"
        "http://b.example/,B,,\n"
        "HTTP://A.example:80,,7,\n"
        "http://a.example/#x,Third,,\n"
    )
    assert found.duplicates == ((4, 2), (5, 2))
    first = found.entries[0]
    assert (first.title, first.priority, first.tags, first.line) == ("Third", 7, ("one",), 2)
    assert found.given == (("title", "priority", "tags"), ("title",))


def test_a_lost_quotation_mark_costs_its_own_line_only() -> None:
    found = _read(
        "url,title\n"
        'http://a.example/,"open\n'
        "http://b.example/,ok\n"
        'http://c.example/,"also open\n'
        "http://d.example/,ok\n" + "http://e.example/,ok\n" * 30
    )
    assert _urls(found) == ["http://b.example/", "http://d.example/", "http://e.example/"]
    reason = "a quotation mark is not closed"
    assert _reasons(found) == [(2, reason), (4, reason)]


def test_a_title_over_two_lines_is_one_row() -> None:
    found = _read('url,title\nhttp://a.example/,"two\nlines"\nhttp://b.example/,B\n')
    assert [(e.title, e.line) for e in found.entries] == [("two lines", 2), ("B", 4)]


def test_hostile_text_is_cleaned_before_it_goes_on() -> None:
    found = _read("url,title,tags\nhttp://a.example/,\x1b[2JEvil\u202e,\x1b]0;x\x07;b\n")
    assert found.entries[0].title == "[2JEvil"
    assert found.entries[0].tags == ("]0", "x", "b")
    rejected = _read("http://ok.example/\n\x1b[2Jhttp://x\n", "x.txt").rejected
    assert "\x1b" not in rejected[0].text


def test_no_report_shows_userinfo_or_secrets() -> None:
    found = _read(
        "http://ok.example/\n"
        "ftp://user:hunter2@a.example/?token=hunter2\n"
        "http://user:hunter2/x@a.example/\n"
        "http://user:hunter2@10.0.0.1/feed\n"
        "user:hunter2@a.example/feed\n"
        "see http://user:hunter2@a.example/ for more\n",
        "x.txt",
    )
    assert len(found.rejected) == 5
    for rejected in found.rejected:
        assert "hunter2" not in rejected.text + rejected.reason
    assert found.rejected[0].text == "ftp://***@a.example/?token=***"


def test_userinfo_of_a_good_line_is_kept_for_the_fetch() -> None:
    assert _urls(_read("http://u:p@a.example/\n", "x.txt")) == ["http://u:p@a.example/"]


def test_private_addresses_are_taken_where_the_settings_open_them() -> None:
    data = b"http://127.0.0.9:8080/feed\nhttp://10.0.0.1/feed\n"
    found = read_list(data, name="x.txt", allow_private=("127.0.0.0/8",))
    assert _urls(found) == ["http://127.0.0.9:8080/feed"]
    assert found.rejected == (
        Rejected(
            2,
            "http://10.0.0.1/feed",
            "blocked address 10.0.0.1: private; it is not among what is open (now: 127.0.0.0/8): "
            "network.allow_private opens it for all feeds, feeds edit --allow-private for one",
        ),
    )


@pytest.mark.parametrize(
    ("data", "name", "message"),
    [
        (b"", "x.txt", "line 1: the list is empty"),
        (b"\xef\xbb\xbf", "x.txt", "line 1: the list is empty"),
        (b" \r\n\r\n", "x.txt", "line 1: the list is empty"),
        (b"# only\n# comments\n", "x.txt", "line 2: there is no URL"),
        (b"url,title\n", "x.csv", "line 1: there is no URL"),
        (b"\nid,name\n1,http://a.example/\n", "x.csv", "line 2: no column is named url, only id"),
        (b"title,feed\nA,http://a.example/\n", "x.txt", "line 1: no column is named url"),
        (b"http://a.example/,A\n", "x.csv", "line 1: a table needs a header"),
        (b"url,title,URL\n", "x.csv", "line 1: two columns are named url"),
        (b"<!DOCTYPE html>\n<html>", "x.txt", "line 1: this is a web page"),
        (b"\n <?xml version='1.0'?><opml version='2.0'>", "x.csv", "line 2: this OPML is not well"),
        (b"<rss version='2.0'>", "x.txt", "line 1: this is a feed itself"),
        (b"<?xml version='1.0'?><x/>", "x.txt", "line 1: this is XML"),
        (b"PK\x03\x04" + b"\0" * 50, "x.csv", "line 1: this is a spreadsheet"),
        ("url\nhttp://a/".encode("utf-16"), "x.csv", "line 1: this is UTF-16"),
        (b"url\nhttp://a.example/\n\0\0", "x.csv", "line 3: this is binary data"),
        (b"some text\n" * 500, "x.txt", "line 1: not a URL; none of the first 200"),
        (b"a text\nof prose\n", "x.txt", "line 1: there is no URL"),
    ],
    ids=str.split(
        "empty bom blank comments no-rows no-url-csv no-url-txt headless twice html opml "
        "rss xml zip utf16 zero hopeless prose"
    ),
)
def test_what_is_no_feed_list_ends_with_one_sentence(data: bytes, name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        read_list(data, name=name)
    assert str(caught.value).startswith(f"{name}: line ")


def test_ten_megabytes_of_anything_end_soon() -> None:
    noise = random.Random(7).randbytes(10_000_000)
    visible = bytes(33 + byte % 90 for byte in noise[:100_000]) * 100
    blanks = visible.replace(b"!", b"\n")
    for data in (noise, visible, blanks, b'"' * 10_000_000, b'url\n"' + b'a\n"' * 3_000_000):
        with pytest.raises(UsageError):
            read_list(data, name="x.csv")


def test_a_line_too_long_for_a_row_is_rejected_alone() -> None:
    found = _read("url,title\nhttp://a.example/," + "x" * 70_000 + "\nhttp://b.example/,B\n")
    assert _urls(found) == ["http://b.example/"]
    assert found.rejected[0].reason.startswith("longer than")
    assert len(found.rejected[0].text) <= 120


def test_a_list_file_is_read_or_refused_by_name(tmp_path: Path) -> None:
    good = tmp_path / "feeds.txt"
    good.write_text("http://a.example/\n")
    assert _urls(read_list_file(good)) == ["http://a.example/"]
    fifo = tmp_path / "fifo.txt"
    os.mkfifo(fifo)
    for path in (tmp_path / "none.csv", tmp_path, fifo):
        with pytest.raises(UsageError, match="cannot be read") as caught:
            read_list_file(path)
        assert str(caught.value).startswith(str(path))


@requires_corpus
def test_a_real_table_of_seven_hundred_feeds_is_taken_whole() -> None:
    (path,) = corpus_files("opml/Podcastindex-org-newsfeeds.csv")
    found = read_list_file(path)
    assert len(found.entries) == 700
    assert (found.rejected, found.duplicates) == ((), ())
    assert sum(bool(entry.title) for entry in found.entries) > 690
    assert found.notes[0].startswith("columns that are not used: id, lastcheck")
