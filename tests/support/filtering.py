"""The filter language once more, as plainly as can be: a second opinion on its statements.

Also what hypothesis needs to make filters up.
"""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from podfetch_tui.policy.filter_fields import FIELDS, Field, FieldKind
from podfetch_tui.policy.filter_values import Moment, Size, Span, Value, bounds, moment
from podfetch_tui.policy.filters import ANY, Filter, Term, Test, Words

_COMPARE = {">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le}
_TEXTS = (FieldKind.WORD, FieldKind.TEXT, FieldKind.TAG)
Row = Mapping[str, Any]
"""Field → what the row has; several texts as a list; moments for ages."""


def passes(wanted: Filter, kind: str, row: Row, now: int) -> bool:
    """Say whether ``row`` passes, looking at nothing but the values in it."""
    if not wanted.any_of:
        return True
    return any(all(_term(term, kind, row, now) for term in terms) for terms in wanted.any_of)


def _term(term: Term, kind: str, row: Row, now: int) -> bool:
    atom = term.atom
    if isinstance(atom, Words):
        part = _lower(atom.part)
        found = any(part in _lower(row[name] or "") for name in ("title", "url"))
    else:
        field = FIELDS[kind][atom.field]
        if atom.op == ANY:
            found = _has(field, row)
        else:
            found = any(_test(field, atom.op, value, row, now) for value in atom.values)
    return found != term.negated


def _has(field: Field, row: Row) -> bool:
    value = row[field.name]
    return bool(value) if field.kind in _TEXTS else value is not None


def _test(field: Field, op: str, value: Value, row: Row, now: int) -> bool:
    has = row[field.name]
    if field.takes_id and isinstance(value, int):
        return bool(row["feed_id"] == value)
    if field.kind in _TEXTS:
        texts = has if isinstance(has, list) else [has or ""]
        whole = op == "=" or field.kind is not FieldKind.TEXT
        wanted = _lower(str(value))
        return any(wanted == _lower(text) if whole else wanted in _lower(text) for text in texts)
    if has is None:
        return False
    if isinstance(value, Moment):
        first, beyond = bounds(value)
        if op == ":":
            return bool(first <= has < beyond)
        return bool(_COMPARE[op](has, {">": beyond - 1, "<=": beyond - 1}.get(op, first)))
    if field.kind is FieldKind.AGE:
        return bool(_COMPARE[op](now - has, int(value)))
    if field.kind is FieldKind.WHEN:
        return bool(_COMPARE[op](has - now, int(value)))
    number = value / 1000 if isinstance(value, Span) else int(value)
    return bool(_COMPARE.get(op, operator.eq)(has, number))


def _lower(text: str) -> str:
    return "".join(char.lower() if char.isascii() else char for char in text)


def feed_of_json(row: Row) -> Row:
    """Return what a row of ``feeds list --json`` has, as far as plain tests need it."""
    code = str(row["last_error"] or "").partition(":")[0]
    reason = row["state_reason"]
    waits = str(row.get("waits_until") or "").replace("Z", "+00:00")
    own = {
        "err": code,
        "fail": row["consecutive_failures"],
        "tag": row["tags"],
        "waits": round(datetime.fromisoformat(waits).timestamp() * 1000) if waits else None,
    }
    return {**row, **own, "reason": reason}


def episode_of_json(row: Row) -> Row:
    """Return what a row of ``episodes list --json`` has, as far as plain tests need it."""
    code = str(row["error"] or "").partition(":")[0]
    at = datetime.fromisoformat(str(row["published_at"]).replace("Z", "+00:00"))
    own = {"err": code, "tag": [], "archived": round(at.timestamp() * 1000)}
    return {**row, **own, "url": row["enclosure_url"], "feed": row["feed_id"]}


def filters(
    kind: str, texts: st.SearchStrategy[str], fields: Sequence[str] = ()
) -> st.SearchStrategy[Filter]:
    """Return filters over ``kind`` that look for ``texts``."""
    known = FIELDS[kind]
    atoms: list[st.SearchStrategy[Words | Test]] = [texts.map(Words)]
    for name in fields or known:
        atoms += _tests(known[name], texts)
    terms = st.builds(Term, st.one_of(atoms), st.booleans())
    groups = st.lists(terms, min_size=1, max_size=4).map(tuple)
    return st.lists(groups, max_size=3).map(lambda found: Filter(tuple(found)))


def _tests(field: Field, texts: st.SearchStrategy[str]) -> list[st.SearchStrategy[Words | Test]]:
    name, kind = field.name, field.kind
    made: list[st.SearchStrategy[Words | Test]] = [st.just(Test(name, ANY))]
    compared = st.sampled_from(sorted(_COMPARE))

    def test(ops: st.SearchStrategy[str], values: st.SearchStrategy[Any], most: int = 1) -> None:
        lists = st.lists(values, min_size=1, max_size=most).map(tuple)
        made.append(st.builds(Test, st.just(name), ops, lists))

    if kind is FieldKind.WORD:
        test(st.just(":"), st.sampled_from(field.words), 3)
    elif kind in (FieldKind.TEXT, FieldKind.TAG):
        ops = st.sampled_from(":=" if kind is FieldKind.TEXT else ":")
        test(ops, st.one_of(texts, st.integers(0, 9)) if field.takes_id else texts, 3)
    elif kind in (FieldKind.NUMBER, FieldKind.SIZE):
        numbers = st.integers(-3, 12)
        sizes = st.integers(0, 4096).map(Size)
        values: st.SearchStrategy[int] = numbers if kind is FieldKind.NUMBER else sizes
        test(compared, values)
        test(st.just(":"), values, 3)
    elif kind is FieldKind.MOMENT:
        test(compared, moments())
        test(st.just(":"), moments(), 3)
    else:
        spans = st.integers(0, 10**6).map(lambda seconds: Span(seconds * 1000))
        test(compared, spans)
        if kind is FieldKind.WHEN:
            test(compared, moments())
            test(st.just(":"), moments())
        elif kind is FieldKind.LENGTH:
            test(st.just(":"), spans)
    return made


def moments() -> st.SearchStrategy[Moment]:
    """Return dates and times of every fineness, around the moment of the tests."""
    times = st.datetimes().filter(lambda at: 1 <= at.year < 9999)
    near = st.sampled_from(["2023-11-14T22:13:20", "2023-11-13T22:13:20"]).map(str)
    written = st.one_of(times.map(lambda at: at.strftime("%Y-%m-%dT%H:%M:%S").zfill(19)), near)
    lengths = st.sampled_from((4, 7, 10, 16, 19))
    return st.builds(lambda text, length: moment(text[:length]), written, lengths)
