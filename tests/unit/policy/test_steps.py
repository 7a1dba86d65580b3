"""What an arrow key makes of a limit: always within its range, and always the right way."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podfetch_tui.config.values import parse_value
from podfetch_tui.model.setting import Form, Key
from podfetch_tui.model.settings import keys, keys_by_id
from podfetch_tui.policy.steps import STEPPED, share, stepped, text_of

_KEYS = [key for key in keys() if key.form in STEPPED]


@given(key=st.sampled_from(_KEYS), ways=st.lists(st.sampled_from([-1, 1]), max_size=12),
       leap=st.booleans())  # fmt: skip
def test_a_step_stays_in_range_and_can_be_written(key: Key, ways: list[int], leap: bool) -> None:
    value: object = key.default
    for way in ways:
        after = stepped(key, value, way, leap=leap)
        if key.form is not Form.FLAG:
            moved = float(str(after)) - float(str(value))
            assert moved * way >= 0
            assert parse_value(key, text_of(key, after)) == after
        assert 0 <= share(key, after) <= 1
        value = after


@pytest.mark.parametrize(
    ("key", "value", "way", "leap", "after"),
    [
        ("engine.poll_workers", 32, 1, False, 33),
        ("engine.poll_workers", 32, -1, True, 22),
        ("engine.poll_workers", 0, -1, True, 0),
        ("engine.per_host", 1, -1, False, 1),
        ("network.bandwidth", 0, 1, False, 1000),
        ("network.bandwidth", 70_000_000, 1, False, 100_000_000),
        ("network.bandwidth", 70_000_000, -1, False, 50_000_000),
        ("feeds.default_interval", 3600.0, 1, False, 7200),
        ("feeds.default_interval", 3600.0, -1, True, 900),
        ("throttle.adaptive", True, -1, False, False),
        ("throttle.cpu_high", 100.0, 1, False, 100),
    ],
)
def test_steps_are_those_a_person_would_take(
    key: str, value: object, way: int, leap: bool, after: object
) -> None:
    assert stepped(keys_by_id()[key], value, way, leap=leap) == after
