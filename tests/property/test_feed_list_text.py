from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from podfetch_tui.config.sources import FeedList, normalise_url, read_list
from podfetch_tui.model.errors import UsageError

_URL_PART = st.text("aB0.-_~%2fé /:@?#[]&=;,'\"<>\\\ud800\x01", max_size=12)
_URL = st.builds(
    "{}{}{}{}{}".format,
    st.sampled_from(["http://", "HTTPS://", "ftp://", "", " http://"]),
    st.sampled_from(["", "u:p@", "u@"]),
    st.sampled_from(["Example.COM", "a.example", "bücher.example.", "1.1.1.1", "[2606::1]", ""]),
    st.sampled_from(["", ":80", ":0443", ":8080", ":", ":x"]),
    st.one_of(st.just(""), _URL_PART.map(lambda part: "/" + part), _URL_PART),
)


@given(st.one_of(_URL, st.text(max_size=40)))
def test_a_normal_url_stays_as_it_is(url: str) -> None:
    try:
        normal = normalise_url(url)
    except ValueError:
        return
    assert normalise_url(normal) == normal
    assert normal.isascii()
    assert " " not in normal
    assert "#" not in normal


_CELL = st.text("aé,;\t\" '|=\n", max_size=10)


@given(
    st.lists(st.tuples(_CELL, st.integers(-9, 9)), min_size=1, max_size=8),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n"]),
    st.permutations(["url", "title", "priority", "other"]),
)
def test_what_the_csv_module_writes_is_read(
    rows: list[tuple[str, int]], delimiter: str, ending: str, header: list[str]
) -> None:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, header, delimiter=delimiter, lineterminator=ending)
    writer.writeheader()
    for number, (title, priority) in enumerate(rows):
        url = f"http://h{number}.example/"
        writer.writerow({"url": url, "title": title, "priority": priority, "other": title})
    found = read_list(stream.getvalue().encode(), name="x.csv")
    assert found.rejected == ()
    assert [entry.priority for entry in found.entries] == [priority for _, priority in rows]
    titles = [" ".join(title.split()) for title, _ in rows]
    assert [entry.title for entry in found.entries] == titles


_XML = st.lists(
    st.sampled_from(
        [
            *('<outline text="F">', "<outline>", "</outline>", "<outline/>", "<body>", "</body>"),
            *('<outline text="A" xmlUrl="http://a.example/"/>', "<x:y>", "</x:y>", "</opml>"),
            *(
                '<outline xmlUrl="http://b.example/" podfetch:tags="',
                "podfetch:priority=",
                '"',
                "'",
            ),
            *("&", "&lt;", "&eacute;", "&nope;", "&#0;", "&#xD800;", "&#65;", "<", ">", "/>", "é"),
            *("<!--", "-->", "<![CDATA[", "]]>", "<?xml version='1.0'?>", "<!DOCTYPE o [", "]>"),
            *('<!ENTITY a "b">', 'isComment="true"', 'xmlns:podfetch="urn:x"', " ", "\n", "\r\n"),
            *("\0", "\x01", "\ufffe", "\ufeff", "\U0001f600"),
        ]
    ),
    max_size=25,
).map(lambda parts: f"<opml>{''.join(parts)}</opml>")
_JSON = st.lists(
    st.sampled_from(
        [
            *('{"url": "http://a.example/"}', '{"url": "http://b.example/", ', '"tags": ["x"]'),
            *('"priority": 1e999', '"enabled": null', "{", "}", "[", "]", ",", ":", '"', "\n", "7"),
            *("true", '"\\ud800"', "é", "\0", " ", "-", '"interval": 1e3', '"folders": 9'),
        ]
    ),
    max_size=20,
).map("".join)


@given(
    st.one_of(
        st.binary(max_size=300),
        st.tuples(_XML, st.sampled_from(["utf-8", "utf-16", "utf-16-le"])).map(
            lambda both: both[0].encode(both[1], "replace")
        ),
        _JSON.map(lambda text: f"[{text}]".encode()),
        _JSON.map(lambda text: f'{{"url": "http://a.example/"}}\n{text}'.encode()),
        st.text('url,title;\t"\n\r #http://a.example/0é', max_size=200).map(str.encode),
        st.text('"\n,ahttp://', max_size=60).map(lambda text: f"url,title\n{text}".encode()),
    ),
    st.sampled_from(["x.csv", "x.txt", "-"]),
)
def test_any_bytes_are_a_list_or_one_sentence(data: bytes, name: str) -> None:
    try:
        found = read_list(data, name=name)
    except UsageError as error:
        message = str(error)
    else:
        _check(found)
        return
    assert message.startswith(f"{name}: line ")
    assert "\n" not in message


def _check(found: FeedList) -> None:
    urls = [entry.url for entry in found.entries]
    assert len(set(urls)) == len(urls) == len(found.given)
    assert all(normalise_url(url) == url for url in urls)
    for rejected in found.rejected:
        assert rejected.text == " ".join(rejected.text.split())
        assert rejected.line > 0
        assert rejected.reason
    assert all(line >= first for line, first in found.duplicates)
