"""The script of an answer waits as often and as long as its route says."""

from __future__ import annotations

import pytest

from podfetch_tui.demo.answers import decide
from podfetch_tui.demo.routes import Request, Route
from podfetch_tui.demo.sending import End, Exchange, Pause, Step

BODY = bytes(range(256)) * 40
HEAD = b"HEAD\r\n\r\n"


def _steps(route: Route, **headers: str) -> list[Step]:
    plan = decide(Request("h", "GET", "/", headers, 0), route)
    exchange = Exchange(plan, HEAD, keep=True, note=lambda _: None)
    return [step for step in exchange.steps if step != b""]


def test_a_whole_answer_is_one_step() -> None:
    assert _steps(Route(body=b"abc")) == [HEAD + b"abc"]
    assert _steps(Route(body=b"")) == [HEAD]


def test_a_drip_waits_between_its_drops_and_not_after_the_last() -> None:
    assert _steps(Route(body=b"abcde", drip=(2, 0.5))) == [
        HEAD + b"ab", Pause(0.5), b"cd", Pause(0.5), b"e",
    ]  # fmt: skip


def test_a_rate_takes_the_time_it_should() -> None:
    steps = _steps(Route(body=BODY, rate=1000))
    sent = b"".join(step for step in steps if isinstance(step, bytes))
    last = [step for step in steps if isinstance(step, bytes)][-1]
    waited = sum(step.seconds for step in steps if isinstance(step, Pause))
    assert sent == HEAD + BODY
    assert waited == pytest.approx((len(BODY) - len(last)) / 1000)
    assert max(step.seconds for step in steps if isinstance(step, Pause)) <= 0.1


def test_a_header_drips_byte_by_byte_before_the_body() -> None:
    steps = _steps(Route(body=b"ab", drip_headers=0.25))
    assert steps[:4] == [HEAD[:1], Pause(0.25), HEAD[1:2], Pause(0.25)]
    assert steps[-1] == b"ab"
    assert len(steps) == 2 * len(HEAD) + 1


def test_a_delay_comes_before_everything() -> None:
    assert _steps(Route(body=b"ab", delay=3.0)) == [Pause(3.0), HEAD + b"ab"]
    assert _steps(Route(hang_before=True, delay=3.0)) == [Pause(3.0), End.HANG]


def test_the_first_of_several_ends_is_the_end() -> None:
    route = Route(body=BODY, reset_at=300, cut_at=200, hang_at=250)
    assert _steps(route) == [HEAD + BODY[:200], End.CLOSE]


def test_an_end_beyond_the_body_does_not_happen() -> None:
    assert _steps(Route(body=b"abc", reset_at=4)) == [HEAD + b"abc"]
    assert _steps(Route(body=b"abc", reset_at=3)) == [HEAD + b"abc", End.RESET]


def test_an_endless_body_is_sent_in_large_pieces_from_a_small_one() -> None:
    plan = decide(Request("h", "GET", "/", {}, 0), Route(body=b"abc", endless=True))
    steps = Exchange(plan, HEAD, keep=False, note=lambda _: None).steps
    seen = [next(steps) for _ in range(5)]
    pieces = [step for step in seen if isinstance(step, bytes)]
    assert len(pieces[2]) > 200_000
    sent = b"".join(pieces)[len(HEAD) :]
    assert sent == (b"abc" * (len(sent) // 3 + 1))[: len(sent)]


def test_what_was_sent_is_noted_once_and_before_the_last_step() -> None:
    noted: list[int] = []
    plan = decide(Request("h", "GET", "/", {}, 0), Route(body=b"abcd", drip=(2, 1.0)))
    exchange = Exchange(plan, HEAD, keep=True, note=noted.append)
    assert next(exchange.steps) == HEAD + b"ab"
    assert noted == []
    assert next(exchange.steps) == Pause(1.0)
    assert next(exchange.steps) == b"cd"
    assert noted == [4]
    assert list(exchange.steps) == []
    exchange.end()
    assert noted == [4]


def test_an_answer_that_is_broken_off_notes_what_went_out() -> None:
    noted: list[int] = []
    plan = decide(Request("h", "GET", "/", {}, 0), Route(body=b"abcd", drip=(2, 1.0)))
    exchange = Exchange(plan, HEAD, keep=True, note=noted.append)
    next(exchange.steps)
    exchange.end()
    assert noted == [2]
