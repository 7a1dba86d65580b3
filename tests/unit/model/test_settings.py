from __future__ import annotations

import typing
from typing import Annotated, get_args, get_origin

import msgspec
import pytest

from podfetch_tui.model.feed import Backlog
from podfetch_tui.model.setting import Applies, Form, Key
from podfetch_tui.model.settings import Settings, changed_keys, keys, keys_by_id, value_of

_PYTHON_TYPES = {
    Form.DURATION: float,
    Form.SIZE: int,
    Form.RATE: int,
    Form.PERCENT: float,
    Form.FLAG: bool,
    Form.INTEGER: int,
    Form.BACKLOG: Backlog,
    **dict.fromkeys((Form.WORDS, Form.PATHS, Form.NETWORKS, Form.PRIORITIES), tuple),
    **dict.fromkeys((Form.CHOICE, Form.TEXT, Form.COMMAND, Form.URL, Form.PATH, Form.ADDRESS), str),
}

_each_key = pytest.mark.parametrize("key", keys(), ids=lambda key: key.id)


def test_every_field_of_every_section_but_the_bindings_is_a_key() -> None:
    fields = {
        f"{section}.{name}"
        for section in Settings.__struct_fields__
        for name in getattr(Settings(), section).__struct_fields__
    }
    assert {key.id for key in keys()} == fields - {"keys.bindings"}
    assert len(keys()) == len(keys_by_id())


@_each_key
def test_each_default_has_the_type_and_range_its_key_declares(key: Key) -> None:
    assert type(key.default) is _PYTHON_TYPES[key.form]
    if isinstance(key.default, (int, float)) and not isinstance(key.default, bool):
        assert key.low is None or key.default >= key.low
        assert key.high is None or key.default <= key.high
    if key.form is Form.CHOICE:
        assert key.default in key.choices
    if key.form is Form.WORDS and key.choices:
        assert set(typing.cast("tuple[str, ...]", key.default)) <= set(key.choices)


@_each_key
def test_each_key_is_explained_in_one_sentence(key: Key) -> None:
    assert key.help.endswith(".")
    assert key.help[0].isupper() or key.help.split()[0].isupper()
    assert "\n" not in key.help
    assert len(key.help) <= 120
    assert isinstance(key.applies, Applies)


def test_the_annotation_of_each_field_names_the_type_of_its_form() -> None:
    for section in Settings.__struct_fields__:
        tree = type(getattr(Settings(), section))
        for field in msgspec.structs.fields(tree):
            if field.name == "bindings":
                continue
            assert get_origin(field.type) is Annotated
            declared = get_args(field.type)[0]
            key = keys_by_id()[f"{section}.{field.name}"]
            assert (get_origin(declared) or declared) is _PYTHON_TYPES[key.form]


def test_the_defaults_are_those_of_the_design() -> None:
    settings = Settings()
    assert settings.archive.min_free == 20 * 1024**3
    assert settings.feeds.default_interval == 3600
    assert settings.feeds.min_interval == 900
    assert settings.feeds.max_interval == 86400
    assert (settings.engine.poll_workers, settings.engine.download_workers) == (32, 8)
    assert settings.engine.per_host == 2
    assert settings.network.feed_max == 32 * 1024**2
    assert settings.network.media_max == 4 * 1024**3
    assert settings.network.allow_private == ()
    assert settings.retry.attempts == 3
    assert settings.quarantine.quarantine_after == 14 * 86400
    assert settings.throttle.lag_high == 0.1
    assert settings.media.accept == ("audio", "video")


def test_whatever_may_hold_a_password_is_declared_secret() -> None:
    assert {key.id for key in keys() if key.secret} == {"network.proxy", "alerts.webhook"}


def test_a_value_is_found_by_its_key() -> None:
    assert value_of(Settings(), keys_by_id()["engine.per_host"]) == 2


def test_changed_keys_names_exactly_what_differs() -> None:
    before = Settings()
    engine = msgspec.structs.replace(before.engine, per_host=9)
    bindings = msgspec.structs.replace(before.keys, bindings=(("feeds.find", "f5"),))
    after = msgspec.structs.replace(before, engine=engine, keys=bindings)
    assert changed_keys(before, after) == ("engine.per_host", "keys.feeds.find")
    assert changed_keys(after, before) == ("engine.per_host", "keys.feeds.find")
    assert changed_keys(after, after) == ()
