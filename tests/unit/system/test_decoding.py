"""Types are learnt by one thread alone."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest

from podfetch_tui.system.decoding import convert, from_json, from_msgpack, json_decoder

_TOGETHER = """
import sys, threading
import msgspec
from podfetch_tui.system.decoding import convert, from_json, from_msgpack

sys.setswitchinterval(1e-6)

def learn(way, data, kind, begin):
    begin.wait()
    way(data, kind)

for turn in range(40):
    kind, value = msgspec.defstruct("Leaf", [("number", int)]), {"number": turn}
    for name in "abcde":
        parts = [("one", kind), ("many", list[kind]), ("perhaps", kind | None)]
        kind, value = msgspec.defstruct(name, parts), {"one": value, "many": [value]} | {
            "perhaps": value
        }
    json, msgpack = msgspec.json.encode(value), msgspec.msgpack.encode(value)
    ways = ((from_json, json), (from_msgpack, msgpack), (convert, value))
    begin = threading.Barrier(9)
    threads = [
        threading.Thread(target=learn, args=(way, data, kind, begin))
        for way, data in ways for _ in range(3)
    ]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
print("done")
"""


def test_threads_that_meet_a_type_together_do_not_end_the_process() -> None:
    """With msgspec's own functions this ends by SIGSEGV, every time."""
    command = [sys.executable, "-c", _TOGETHER]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


class Leaf(msgspec.Struct):
    number: int


@pytest.mark.parametrize("turn", range(2))
def test_each_way_gives_the_type_and_refuses_what_is_none(turn: int) -> None:
    assert from_json(b'{"number": 7}', Leaf) == Leaf(7)
    assert from_msgpack(msgspec.msgpack.encode({"number": 7}), Leaf) == Leaf(7)
    assert convert({"number": 7}, Leaf) == Leaf(7)
    assert json_decoder(Leaf) is json_decoder(Leaf)
    with pytest.raises(msgspec.ValidationError, match="number"):
        from_json("{}", Leaf)
    with pytest.raises(msgspec.ValidationError, match="number"):
        from_msgpack(b"\x80", Leaf)
    with pytest.raises(msgspec.ValidationError, match="number"):
        convert({}, Leaf)
