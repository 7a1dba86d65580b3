from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from podfetch_tui.config.backlog import format_backlog, parse_backlog
from podfetch_tui.config.ini import load
from podfetch_tui.config.values import format_value, parse_value
from podfetch_tui.model import units
from podfetch_tui.model.feed import Backlog, BacklogKind
from podfetch_tui.model.setting import Form, Key
from podfetch_tui.model.settings import keys, keys_by_id, value_of

_LINE = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=30)
_MOMENT = st.integers(-62135596800000, 253402300799999)
_BACKLOG = st.one_of(
    st.sampled_from([Backlog(BacklogKind.ALL), Backlog(BacklogKind.NONE)]),
    st.builds(Backlog, st.just(BacklogKind.NEWEST), count=st.integers(1, 999_999_999)),
    st.builds(Backlog, st.just(BacklogKind.SINCE), since=_MOMENT),
)
_WORD = st.text("abcXYZ0189.-_*:/", min_size=1, max_size=12)
_TAG = st.text("abc \"'#;=é%", min_size=1, max_size=8).map(str.strip).filter(bool)
_PATH = st.text("ab c,\"'#;=é%.", min_size=1, max_size=12).map(lambda name: f"/{name}x")
_VALUES: dict[Form, st.SearchStrategy[object]] = {
    Form.FLAG: st.booleans(),
    Form.TEXT: _LINE,
    Form.URL: st.sampled_from(["", "http://a.example/x#y", "https://u:p@h:1/?q=;#z"]),
    Form.COMMAND: st.sampled_from(["", "mail ops", '"/opt/my tool" --x', "sh -c 'a b'"]),
    Form.PATH: st.one_of(st.just(""), _PATH),
    Form.PATHS: st.lists(_PATH, unique=True, max_size=4).map(tuple),
    Form.NETWORKS: st.lists(st.sampled_from(["10.0.0.0/8", "::1", "127.0.0.1"]), unique=True).map(
        tuple
    ),
    Form.PRIORITIES: st.dictionaries(
        _TAG.filter(lambda tag: "\n" not in tag), st.integers(-1_000_000, 1_000_000), max_size=4
    ).map(lambda found: tuple(found.items())),
    Form.ADDRESS: st.sampled_from(["off", "127.0.0.1:0", "[::1]:9464", "localhost:65535"]),
    Form.BACKLOG: _BACKLOG,
}


def _values(key: Key) -> st.SearchStrategy[object]:
    if key.form in _VALUES:
        return _VALUES[key.form]
    if key.form is Form.CHOICE:
        return st.sampled_from(key.choices)
    if key.form is Form.WORDS:
        words = st.sampled_from(key.choices) if key.choices else _WORD
        return st.lists(words, unique=True, min_size=len(key.choices[:1]), max_size=4).map(tuple)
    low, high = key.low or 0, 2**62 if key.high is None else key.high
    if key.form is Form.DURATION:
        high = 10**9 if key.high is None else high
        return st.integers(round(low * 1000), round(high * 1000)).map(lambda ms: ms / 1000)
    if key.form is Form.PERCENT:
        return st.integers(round(low * 10**6), round(high * 10**6)).map(lambda n: n / 10**6)
    return st.integers(int(low), int(high))


_KEY_AND_VALUE = st.sampled_from(keys()).flatmap(lambda key: st.tuples(st.just(key), _values(key)))


def _is_plain(key: Key, value: object) -> bool:
    """Texts whose ASCII or quoting rules make them another value are not theirs to keep."""
    return key.form is not Form.TEXT or key.section != "network" or str(value).isascii()


@given(_KEY_AND_VALUE)
def test_what_a_value_is_written_as_is_read_back_as_the_value(pair: tuple[Key, object]) -> None:
    key, value = pair
    if _is_plain(key, value):
        assert parse_value(key, format_value(key, value)) == value


@given(st.lists(_KEY_AND_VALUE, max_size=6, unique_by=lambda pair: pair[0].id))
def test_a_file_of_written_values_gives_those_settings(pairs: list[tuple[Key, object]]) -> None:
    by_section: dict[str, list[tuple[Key, object]]] = {}
    for key, value in pairs:
        if _is_plain(key, value):
            by_section.setdefault(key.section, []).append((key, value))
    text = "".join(
        f"[{section}]\n" + "".join(f"{k.name} = {format_value(k, v)}\n" for k, v in members)
        for section, members in by_section.items()
    )
    loaded = load(text, file="/p.ini")
    for key, value in (pair for members in by_section.values() for pair in members):
        assert value_of(loaded.settings, key) == value
        assert loaded.sources[key.id].line > 0


@given(st.integers(0, 10**15))
def test_any_duration_of_whole_milliseconds_survives(ms: int) -> None:
    assert units.parse_duration(units.format_duration(ms / 1000)) == ms / 1000


@given(st.integers(0, 2**62))
def test_any_size_and_rate_survives(count: int) -> None:
    assert units.parse_size(units.format_size(count)) == count
    assert units.parse_rate(units.format_rate(count)) == count


@given(_BACKLOG)
def test_any_backlog_survives(backlog: Backlog) -> None:
    assert parse_backlog(format_backlog(backlog)) == backlog


@given(st.sampled_from(keys()), st.text(max_size=40))
def test_any_text_is_a_value_or_a_sentence(key: Key, text: str) -> None:
    message = ""
    try:
        value = parse_value(key, text)
    except ValueError as error:
        message = str(error)
    else:
        assert parse_value(key, format_value(key, value)) == value
        return
    assert 0 < len(message) < 200


@given(st.text("[]abcengi=:#;\"'\n\r\t \0\ufeff\x1bé", max_size=200))
def test_any_text_at_all_is_settings_or_problems(text: str) -> None:
    loaded = load(text, file="p.ini")
    for problem in loaded.problems:
        assert problem.message
        assert not set(problem.text) & {"\n", "\r", "\0", "\x1b"}
    if not loaded.problems:
        assert all(entry in keys_by_id() or entry[:5] == "keys." for entry in loaded.in_file)
