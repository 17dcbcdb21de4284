# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 01: decoding and encoding."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.reference import messagepack
from tests.reference.messagepack import Value
from tests.reference.rejection import reject
from tests.reference.vector import Fields, Group, join_runs, tagged, vector_file

# A composed letter, and the same as letter and combining mark.
COMPOSED, DECOMPOSED = "\u00e9", "e\u0301"


def generate() -> bytes:
    """The file 01-encoding.json."""
    return vector_file("01", "Encoding", groups())


def groups() -> Iterator[Group]:
    """The groups of the file."""
    decoding = Group(
        "decode",
        "Decode input_hex with the default limits of spec 01 §2. When valid, the value is `value`, a JSON object"
        " with one key: integer (decimal text), boolean, bytes_hex, text, array (of values) or map (of"
        " [key, value] pairs in encoded order); and encoding it gives input_hex again.",
        check_decoding,
    )
    add_integers(decoding)
    add_strings(decoding)
    add_containers(decoding)
    add_foreign_types(decoding)
    add_torn_inputs(decoding)
    yield decoding
    sizes = Group(
        "decode_large",
        "As decode, but the input is the pieces of input_runs_hex, each [hexadecimal, how many times], joined;"
        " the value is left out. Encoding the decoded value must give the input again.",
        check_large,
    )
    add_sizes(sizes)
    yield sizes
    encoding = Group(
        "encode", "Encode `value` (as in decode; map pairs in any order). Gives output_hex.", check_encoding
    )
    add_encodings(encoding)
    yield encoding
    refused = Group(
        "encode_refused",
        "A value that has no encoding: `value` as in decode, and also float (a number), nil (true) or, for a map"
        " key that is not text, map with such a value in place of the key.",
        check_encoding,
    )
    add_refused(refused)
    yield refused


def check_decoding(inputs: Fields) -> Fields:
    return {"value": tagged(messagepack.decode(bytes.fromhex(inputs["input_hex"])))}


def check_large(inputs: Fields) -> Fields:
    messagepack.decode(join_runs(inputs["input_runs_hex"]))
    return {}


def check_encoding(inputs: Fields) -> Fields:
    return {"output_hex": messagepack.encode(from_tagged(inputs["value"])).hex()}


def from_tagged(tagged_value: Fields) -> Value:
    """The value that a tagged JSON value stands for; refuses the sorts that do not exist here."""
    ((sort, content),) = tagged_value.items()
    if sort == "map":
        pairs = {}
        for key, value in content:
            if not isinstance(key, str):
                reject("key_type")
            pairs[key] = from_tagged(value)
        return pairs
    if sort == "array":
        return [from_tagged(value) for value in content]
    if sort in ("float", "nil"):
        reject(sort)
    read: dict[str, Callable[[Any], Value]]
    read = {"integer": int, "boolean": bool, "bytes_hex": bytes.fromhex, "text": str}
    return read[sort](content)


def add_integers(group: Group) -> None:
    for power in (7, 8, 16, 32, 63):
        for number in (2**power - 1, 2**power):
            if number < 2**63:
                group.valid(f"integer {number}", input_hex=messagepack.encode(number).hex())
    for number in (0, 1, -1, -32, -33, *(-(2**power) - step for power in (7, 15, 31) for step in (0, 1)), -(2**63)):
        group.valid(f"integer {number}", input_hex=messagepack.encode(number).hex())
    longest = {0xCC: 127, 0xCD: 255, 0xCE: 65_535, 0xCF: 2**32 - 1}
    for first, too_small in longest.items():
        width = 2 ** (first - 0xCC)
        for number in dict.fromkeys((0, 1, too_small)):
            spelled = bytes([first]) + number.to_bytes(width, "big")
            group.invalid(f"{number} as unsigned {8 * width} bit", "not_canonical", input_hex=spelled.hex())
    shortest = {0xD0: -32, 0xD1: -128, 0xD2: -(2**15), 0xD3: -(2**31)}
    for first, too_near in shortest.items():
        width = 2 ** (first - 0xD0)
        for number in (-1, too_near, 0, 2 ** (8 * width - 1) - 1):
            spelled = bytes([first]) + number.to_bytes(width, "big", signed=True)
            group.invalid(f"{number} as signed {8 * width} bit", "not_canonical", input_hex=spelled.hex())
    group.invalid("integer 2^63", "integer_range", input_hex="cf8000000000000000")
    group.invalid("integer 2^64 - 1", "integer_range", input_hex="cfffffffffffffffff")


def add_strings(group: Group) -> None:
    for length in (0, 1, 31, 32, 255, 256):
        group.valid(f"text of {length} bytes", input_hex=messagepack.encode("a" * length).hex())
        group.valid(f"bytes of {length}", input_hex=messagepack.encode(b"\x5a" * length).hex())
    for sort, head, length in (
        ("text", "d900", 0),
        ("text", "d91f", 31),
        ("text", "da0000", 0),
        ("text", "da00ff", 255),
        ("text", "db00000000", 0),
        ("text", "db000000ff", 255),
        ("bytes", "c50000", 0),
        ("bytes", "c500ff", 255),
        ("bytes", "c600000000", 0),
        ("bytes", "c6000000ff", 255),
    ):
        name = f"{sort} of {length} bytes with head {head}"
        group.invalid(name, "not_canonical", input_hex=head + "61" * length)
    for name, text in (
        ("composed letter", COMPOSED),
        ("no-break space and ligature, which form C keeps", "\u00a0\ufb01"),
        ("NUL and newline", "\0\n"),
        ("highest code point", "\U0010ffff"),
        ("noncharacter", "\uffff"),
        ("byte order mark", "\ufeff"),
        ("emoji with joiners", "\U0001f468\u200d\U0001f33e"),
        ("Hangul syllable", "\uac00"),
        ("Arabic with marks in canonical order", "\u0628\u064e\u0651"),
        ("private use", "\ue000"),
        ("last before the surrogates", "\ud7ff"),
        ("a mark alone", "\u0301"),
    ):
        group.valid(f"text: {name}", input_hex=messagepack.encode(text).hex())
    for name, text in (
        ("letter and combining acute", DECOMPOSED),
        ("Angstrom sign", "\u212b"),
        ("Ohm sign", "\u2126"),
        ("Hangul jamo", "\u1100\u1161"),
        ("marks in the wrong order", "q\u0307\u0323"),
        ("a composed letter that form C takes apart", "\u0958"),
        ("compatibility ideograph", "\uf900"),
    ):
        data = text.encode()
        group.invalid(f"text: {name}", "nfc", input_hex=(bytes([0xA0 + len(data)]) + data).hex())
    for name, bad in (
        ("high surrogate", "eda080"),
        ("low surrogate", "edbfbf"),
        ("surrogate pair as two", "eda0bdedb880"),
        ("overlong slash", "c0af"),
        ("overlong NUL", "c080"),
        ("overlong in three", "e080af"),
        ("continuation alone", "80"),
        ("torn in the middle", "e282"),
        ("above 10ffff", "f4908080"),
        ("fe", "fe"),
        ("Latin-1", "e9"),
    ):
        group.invalid(f"text: {name}", "utf8", input_hex=bytes([0xA0 + len(bad) // 2]).hex() + bad)


def add_containers(group: Group) -> None:
    encode = messagepack.encode
    for length in (0, 1, 15, 16):
        group.valid(f"array of {length}", input_hex=encode([7] * length).hex())
        group.valid(f"map of {length}", input_hex=encode({f"{n:02}": n for n in range(length)}).hex())
    for sort, head in (("array", "dc0000"), ("array", "dd00000000"), ("map", "de0000"), ("map", "df00000000")):
        group.invalid(f"empty {sort} with head {head}", "not_canonical", input_hex=head)
    group.invalid("array of 15 with head dc", "not_canonical", input_hex="dc000f" + "07" * 15)
    group.invalid("array of 16 with head dd", "not_canonical", input_hex="dd00000010" + "07" * 16)
    pairs = encode({f"{n:02}": n for n in range(15)}).hex()[2:]
    group.invalid("map of 15 with head de", "not_canonical", input_hex="de000f" + pairs)
    group.valid("a value of every type", input_hex=encode([-1, 300, True, False, b"\0", "a", [], {"k": {}}]).hex())
    group.valid("keys in order of bytes, not of length", input_hex=encode({"": 0, "aa": 1, "b": 2}).hex())
    group.valid("keys: upper case first", input_hex=encode({"B": 0, "a": 1}).hex())
    utf16 = {"\uffee": 0, "\U00010000": 1}
    group.valid("keys in order of UTF-8, which is not that of UTF-16", input_hex=encode(utf16).hex())
    group.valid("a prefix comes first", input_hex=encode({"a": 0, "a\0": 1, "ab": 2}).hex())
    for name, tail in (
        ("two keys unsorted", "82a16200a16100"),
        ("key repeated, same value", "82a16100a16100"),
        ("key repeated, other value", "82a16100a16101"),
        ("keys by length", "82a16200a2616100"),
        ("keys in order of UTF-16", "82a4f090808000a3efbfae00"),
        ("unsorted in an inner map", "9182a16200a16100"),
        ("key in a longer form", "81d9016100"),
        ("value in a longer form", "81a161cc00"),
        ("element in a longer form", "91d07f"),
    ):
        group.invalid(name, "not_canonical", input_hex=tail)
    for name, key in (("integer", "01"), ("bytes", "c40161"), ("boolean", "c3"), ("array", "90"), ("map", "80")):
        group.invalid(f"map key is {name}", "key_type", input_hex="81" + key + "00")
    group.invalid("map key is nil", "key_type", input_hex="81c000")
    group.invalid("map key not in form C", "nfc", input_hex="81a365cc8100")
    group.invalid("map key not UTF-8", "utf8", input_hex="81a1ff00")
    for depth in (1, 2, 7, 8):
        group.valid(f"arrays to depth {depth}", input_hex="91" * (depth - 1) + "90")
        group.valid(f"maps to depth {depth}", input_hex="81a161" * (depth - 1) + "80")
        group.valid(f"arrays to depth {depth} around a scalar", input_hex="91" * depth + "00")
    for depth in (9, 10, 1000):
        group.invalid(f"arrays to depth {depth}", "too_deep", input_hex="91" * (depth - 1) + "90")
        group.invalid(f"maps to depth {depth}", "too_deep", input_hex="81a161" * (depth - 1) + "80")
        group.invalid(f"arrays to depth {depth} around a scalar", "too_deep", input_hex="91" * depth + "00")
    group.invalid("depth 9 in the second element", "too_deep", input_hex="9200" + "91" * 8 + "00")


def add_foreign_types(group: Group) -> None:
    group.invalid("nil", "nil", input_hex="c0")
    group.invalid("nil in an array", "nil", input_hex="91c0")
    group.invalid("nil as a value", "nil", input_hex="81a161c0")
    group.invalid("never used c1", "extension", input_hex="c1")
    group.invalid("float32 zero", "float", input_hex="ca00000000")
    group.invalid("float64 one", "float", input_hex="cb3ff0000000000000")
    group.invalid("float64 not a number", "float", input_hex="cb7ff8000000000000")
    group.invalid("float in an array", "float", input_hex="91ca00000000")
    for head, length in (("d4", 1), ("d5", 2), ("d6", 4), ("d7", 8), ("d8", 16)):
        group.invalid(f"extension {head}", "extension", input_hex=head + "01" + "00" * length)
    for head in ("c700", "c80000", "c900000000"):
        group.invalid(f"extension {head[:2]}", "extension", input_hex=head + "01")
    group.invalid("timestamp extension", "extension", input_hex="d6ff00000000")


def add_torn_inputs(group: Group) -> None:
    group.invalid("nothing", "truncated", input_hex="")
    for head in ("cc", "cd00", "ce000000", "cf00000000000000", "d0", "d1ff", "d2ffffff", "d3ffffffffffffff"):
        group.invalid(f"integer torn after {head}", "truncated", input_hex=head)
    for torn in ("c4", "c401", "c402ff", "c501", "c50100", "c6000100", "a1", "a261", "d9", "d920", "da01", "db000100"):
        group.invalid(f"string torn after {torn}", "truncated", input_hex=torn)
    for torn in ("91", "9200", "dc", "dc00", "dc0010", "dd000000", "81", "81a161", "82a16100", "de00", "df000000"):
        group.invalid(f"container torn after {torn}", "truncated", input_hex=torn)
    group.invalid("text shorter than it says", "truncated", input_hex="a5" + "61" * 4)
    for name, data in (("two integers", "0000"), ("a newline", "a1610a"), ("an empty text", "90a0"), ("a nil", "c2c0")):
        group.invalid(f"trailing: {name}", "trailing", input_hex=data)
    group.invalid("array claims 4,294,967,295 elements", "too_large", input_hex="ddffffffff")
    group.invalid("array claims 4,097 elements", "too_large", input_hex="dc1001")
    group.invalid("map claims 4,294,967,295 entries", "too_large", input_hex="dfffffffff")
    group.invalid("map claims 257 entries", "too_large", input_hex="de0101")
    group.invalid("bytes claim 4,294,967,295", "too_large", input_hex="c6ffffffff")
    group.invalid("bytes claim 65,536", "too_large", input_hex="c600010000")
    group.invalid("text claims 4,294,967,295", "too_large", input_hex="dbffffffff")


def add_sizes(group: Group) -> None:
    group.valid("bytes filling 65,536", input_runs_hex=[["c5fffd", 1], ["00", 65_533]])
    group.invalid("bytes one more", "too_large", input_runs_hex=[["c5fffe", 1], ["00", 65_534]])
    group.valid("text filling 65,536", input_runs_hex=[["dafffd", 1], ["61", 65_533]])
    group.invalid("text one more", "too_large", input_runs_hex=[["dafffe", 1], ["61", 65_534]])
    group.invalid("bytes of 65,535", "too_large", input_runs_hex=[["c5ffff", 1], ["00", 65_535]])
    group.valid("array of 4,096", input_runs_hex=[["dc1000", 1], ["00", 4_096]])
    group.invalid("array of 4,097", "too_large", input_runs_hex=[["dc1001", 1], ["00", 4_097]])
    keys = b"".join(b"\xa2%02x\x00" % number for number in range(256)).hex()
    group.valid("map of 256", input_runs_hex=[["de0100", 1], [keys, 1]])
    group.invalid("map of 257", "too_large", input_runs_hex=[["de0101", 1], [keys, 1], ["a366666600", 1]])
    group.invalid("arrays without end", "too_deep", input_runs_hex=[["91", 65_535], ["00", 1]])
    group.invalid("maps without end", "too_deep", input_runs_hex=[["81a161", 20_000], ["00", 1]])
    group.invalid("input of 65,537 zeros", "too_large", input_runs_hex=[["00", 65_537]])
    nested = [["91", 1], ["dc1000", 1], ["9100", 4_096]]
    group.valid("4,096 arrays in an array", input_runs_hex=nested)


def add_encodings(group: Group) -> None:
    for number in (0, 127, 128, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**63 - 1):
        group.valid(f"integer {number}", value=tagged(number))
    for number in (-1, -32, -33, -128, -129, -(2**15), -(2**15) - 1, -(2**31), -(2**31) - 1, -(2**63)):
        group.valid(f"integer {number}", value=tagged(number))
    for name, value in (
        ("false", False),
        ("true", True),
        ("empty text", ""),
        ("empty bytes", b""),
        ("empty array", []),
        ("empty map", {}),
        ("text of 32 bytes", COMPOSED * 16),
        ("map to be sorted", {"b": 1, "a": 2, "aa": 3, "\U00010000": 4, "\uffee": 5}),
        ("nested", [{"z": [b"\xff", True], "a": {}}, -33]),
    ):
        group.valid(name, value=tagged(value))


def add_refused(group: Group) -> None:
    group.invalid("2^63", "integer_range", value={"integer": str(2**63)})
    group.invalid("-2^63 - 1", "integer_range", value={"integer": str(-(2**63) - 1)})
    group.invalid("text not in form C", "nfc", value={"text": DECOMPOSED})
    group.invalid("key not in form C", "nfc", value={"map": [[DECOMPOSED, {"boolean": True}]]})
    group.invalid("float", "float", value={"float": 1.5})
    group.invalid("float that is whole", "float", value={"float": 1.0})
    group.invalid("nil", "nil", value={"nil": True})
    group.invalid("nil in a map", "nil", value={"map": [["a", {"nil": True}]]})
    group.invalid("key is an integer", "key_type", value={"map": [[{"integer": "1"}, {"integer": "1"}]]})
