# SPDX-License-Identifier: AGPL-3.0-or-later
"""Generated values, damaged bytes, and what every parser owes to both."""

from __future__ import annotations

from collections.abc import Callable
from unicodedata import normalize

from hypothesis import strategies as st

from protocol.encoding import INTEGER_MAX, INTEGER_MIN, Value
from protocol.errors import Malformed

texts: st.SearchStrategy[str] = st.text(st.characters(codec="utf-8"), max_size=40).map(lambda t: normalize("NFC", t))
integers = st.integers(INTEGER_MIN, INTEGER_MAX) | st.integers(-40, 300) | st.sampled_from([2**k for k in range(63)])
scalars: st.SearchStrategy[Value] = integers | st.booleans() | st.binary(max_size=40) | texts
hashes = st.binary(min_size=32, max_size=32)
hostile = st.binary(max_size=200)


def _nested(inner: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    lists: st.SearchStrategy[Value] = st.lists(inner, max_size=5)
    maps: st.SearchStrategy[Value] = st.dictionaries(texts, inner, max_size=5)
    return scalars | lists | maps


values = _nested(_nested(_nested(scalars)))


@st.composite
def damaged(draw: st.DrawFn, sources: st.SearchStrategy[bytes]) -> bytes:
    """The bytes with a bit flipped, a piece cut out, something put in, or a piece said twice."""
    data = draw(sources)
    begin = draw(st.integers(0, max(0, len(data) - 1)))
    end = draw(st.integers(begin, min(len(data), begin + 8)))
    match draw(st.integers(0, 3)):
        case 0 if data:
            flipped = data[begin] ^ 1 << draw(st.integers(0, 7))
            return data[:begin] + bytes([flipped]) + data[begin + 1 :]
        case 1:
            return data[:begin] + data[end:]
        case 2:
            return data[:begin] + draw(st.binary(min_size=1, max_size=4)) + data[end:]
    return data[:end] + data[begin:]


def flips(data: bytes) -> list[bytes]:
    """The bytes with each single bit flipped, from the first byte on."""
    return [data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :] for at in range(len(data)) for bit in range(8)]


def refused_or_same(parse: Callable[[bytes], object], write: Callable[..., bytes], data: bytes) -> bool:
    """Whether the bytes were taken. They must be refused as Malformed, or be what is written of what was read."""
    try:
        value = parse(data)
    except Malformed:
        return False
    assert write(value) == data
    return True
