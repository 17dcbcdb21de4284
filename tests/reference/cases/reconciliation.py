# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 13: items, fingerprints, frames, and what follows from a frame."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace

from tests.reference import messagepack
from tests.reference.messagepack import Value
from tests.reference.reconciliation import (
    ITEMS,
    RANGES,
    Item,
    Side,
    below,
    encode_frame,
    fingerprint,
    fingerprints,
    read_frame,
    session_salt,
)
from tests.reference.seeded import seeded_bytes
from tests.reference.vector import Fields, Group, hexes, join_runs, tagged, vector_file

NONCES = seeded_bytes("opener's nonce"), seeded_bytes("accepter's nonce")
SALT = session_salt(*NONCES)


def generate() -> bytes:
    """The file 13-reconciliation.json."""
    return vector_file("13", "Reconciliation", groups())


def groups() -> Iterator[Group]:
    """The groups of the file."""
    about = (
        "The item of log_hex, epoch, size and root_hex. Gives item_hex, digest_hex, and for a session with"
        " nonce_0_hex and nonce_1_hex salt_hex and short_hex."
    )
    yield single_items(Group("item", about, check_item))
    about = "Gives fingerprint_hex of those of the items_hex, in any order, that are below the prefix."
    yield fingerprint_cases(Group("fingerprint", about, check_fingerprint))
    yield frames(Group("frame", "Read the frame frame_hex. Gives type and fields, a value as in 01.", check_frame))
    about = "As frame, but the bytes are the pieces of frame_runs_hex, joined. Gives type."
    yield frame_sizes(Group("frame_size", about, check_frame_size))
    about = (
        "The first frame of a side that holds the items of items_hex, or `count` items: item number k is that of log"
        " H(k as 4 bytes), epoch 1, size k, root of zeros. Gives frame_hex. The session has salt_hex."
    )
    yield starts(Group("start", about, check_start))
    about = (
        "A side that holds items as in start gets frame_hex. Gives frames_hex, its answer; ask_hex, the log ids that"
        " it asks for; and tell, the [log id in hexadecimal, epoch] of what it tells; both in ascending order."
    )
    yield answers(Group("answer", about, check_answer))


def numbered(count: int) -> list[Item]:
    """Item number k is that of log H(k)."""
    return [numbered_item(number) for number in range(count)]


def numbered_item(number: int) -> Item:
    return Item(numbered_log(number), 1, number, bytes(32))


def numbered_log(number: int) -> bytes:
    return hashlib.sha256(number.to_bytes(4, "big")).digest()


def item_of(data: bytes) -> Item:
    """The item of 76 bytes."""
    return Item(data[:32], int.from_bytes(data[32:36], "big"), int.from_bytes(data[36:44], "big"), data[44:])


def side_of(inputs: Fields) -> Side:
    """Who gets the frame."""
    items = [item_of(bytes.fromhex(item)) for item in inputs.get("items_hex", [])]
    return Side(numbered(inputs.get("count", 0)) + items, bytes.fromhex(inputs["salt_hex"]))


def check_item(inputs: Fields) -> Fields:
    item = Item(
        bytes.fromhex(inputs["log_hex"]), inputs["epoch"], int(inputs["size"]), bytes.fromhex(inputs["root_hex"])
    )
    salt = session_salt(bytes.fromhex(inputs["nonce_0_hex"]), bytes.fromhex(inputs["nonce_1_hex"]))
    return {
        "item_hex": item.encode().hex(),
        "digest_hex": item.digest().to_bytes(32, "big").hex(),
        "salt_hex": salt.hex(),
        "short_hex": item.short(salt).hex(),
    }


def check_fingerprint(inputs: Fields) -> Fields:
    items = [item_of(bytes.fromhex(item)) for item in inputs["items_hex"]]
    return {"fingerprint_hex": fingerprint(below(items, inputs["prefix"])).hex()}


def check_frame(inputs: Fields) -> Fields:
    number, content = read_frame(bytes.fromhex(inputs["frame_hex"]))
    return {"type": number, "fields": tagged(content)}


def check_frame_size(inputs: Fields) -> Fields:
    return {"type": read_frame(join_runs(inputs["frame_runs_hex"]))[0]}


def check_start(inputs: Fields) -> Fields:
    return {"frame_hex": side_of(inputs).start().hex()}


def check_answer(inputs: Fields) -> Fields:
    frames, answer = side_of(inputs).answer(bytes.fromhex(inputs["frame_hex"]))
    return {
        "frames_hex": hexes(frames),
        "ask_hex": hexes(sorted(answer.ask)),
        "tell": [[log_id.hex(), epoch] for log_id, epoch in sorted(answer.tell)],
    }


def labelled(label: str, size: int = 7, epoch: int = 1) -> Item:
    """An item made from a label."""
    return Item(seeded_bytes(f"log {label}"), epoch, size, seeded_bytes(f"root {label} {size} {epoch}"))


def single_items(group: Group) -> Group:
    nonces = {"nonce_0_hex": NONCES[0].hex(), "nonce_1_hex": NONCES[1].hex()}
    swapped = {"nonce_0_hex": NONCES[1].hex(), "nonce_1_hex": NONCES[0].hex()}
    for name, item, by in (
        ("plain", labelled("a"), nonces),
        ("larger", labelled("a", 8), nonces),
        ("another epoch", labelled("a", 7, 2), nonces),
        ("greatest numbers", labelled("a", 2**63 - 1, 2**32 - 1), nonces),
        ("empty log", labelled("b", 0), nonces),
        ("nonces swapped", labelled("a"), swapped),
    ):
        place = {"log_hex": item.log_id.hex(), "epoch": item.epoch, "size": str(item.size), "root_hex": item.root.hex()}
        group.valid(name, **place, **by)
    return group


def fingerprint_cases(group: Group) -> Group:
    items = [labelled(str(number)) for number in range(20)]
    first = items[0].log_id.hex()
    for name, members, prefix in (
        ("nothing", [], ""),
        ("one", items[:1], ""),
        ("one by its whole id", items[:3], first),
        ("two", items[:2], ""),
        ("two the other way round", items[1::-1], ""),
        ("twenty", items, ""),
        ("one digit", items, first[:1]),
        ("two digits", items, first[:2]),
        ("nobody below", items[:1], "0" if first[0] != "0" else "1"),
        ("two epochs", [labelled("a"), labelled("a", 7, 2)], labelled("a").log_id.hex()[:5]),
    ):
        group.valid(name, items_hex=hexes([item.encode() for item in members]), prefix=prefix)
    return group


def ranges_frame(ranges: Value, **changes: Value) -> str:
    return encode_frame(RANGES, {"ranges": ranges, "more": False} | changes).hex()


def items_frame(**changes: Value) -> str:
    return encode_frame(ITEMS, {"have": [], "items": [], "lack": [], "more": False} | changes).hex()


def frames(group: Group) -> Group:
    some, many, log = bytes(256), bytes(4_096), seeded_bytes("log a")
    told = [log, 1, 7]
    for name, frame in (
        ("RANGES of 16", ranges_frame([["", some]])),
        ("RANGES of 256 and 16", ranges_frame([["0", many], ["1f", some]])),
        ("RANGES of none", ranges_frame([])),
        ("RANGES with more", ranges_frame([["a", some]], more=True)),
        ("RANGES of the last digit", ranges_frame([["a" * 63, some]])),
        ("RANGES of the last two digits", ranges_frame([["a" * 62, many]])),
        ("RANGES with an unknown field", ranges_frame([], zzz=1)),
        ("ITEMS of none", items_frame()),
        ("ITEMS that has none", items_frame(have=[["", b""]])),
        ("ITEMS that has some", items_frame(have=[["a" * 64, bytes(6)], ["b", bytes(12)]])),
        ("ITEMS that differ", items_frame(items=[told, [log, 2**32 - 1, 2**63 - 1], [log, 1, 0]])),
        ("ITEMS that lacks some", items_frame(lack=[["00", bytes(6)], ["01", bytes(18)]])),
        ("ITEMS of 1,024 shorts", items_frame(have=[["", bytes(6_144)]])),
    ):
        group.valid(name, frame_hex=frame)
    for name, frame in (
        ("RANGES without ranges", encode_frame(RANGES, {"more": False}).hex()),
        ("RANGES without more", encode_frame(RANGES, {"ranges": []}).hex()),
        ("more is 0", ranges_frame([], more=0)),
        ("ranges is a map", ranges_frame({})),
        ("range alone", ranges_frame([[""]])),
        ("range of three", ranges_frame([["", some, 1]])),
        ("prefix of bytes", ranges_frame([[b"", some]])),
        ("prefix with a capital letter", ranges_frame([["A", some]])),
        ("prefix with another letter", ranges_frame([["g", some]])),
        ("prefix with a line end", ranges_frame([["a\n", some]])),
        ("prefix of 65 digits", items_frame(have=[["a" * 65, b""]])),
        ("RANGES below a whole id", ranges_frame([["a" * 64, some]])),
        ("RANGES of 256 below 63 digits", ranges_frame([["a" * 63, many]])),
        ("no fingerprints", ranges_frame([["", b""]])),
        ("one fingerprint", ranges_frame([["", bytes(16)]])),
        ("a byte less", ranges_frame([["", bytes(255)]])),
        ("17 fingerprints", ranges_frame([["", bytes(272)]])),
        ("ranges out of order", ranges_frame([["b", some], ["a", some]])),
        ("range twice", ranges_frame([["a", some], ["a", some]])),
        ("range within another", ranges_frame([["a", some], ["ab", some]])),
        ("range within the whole", ranges_frame([["", some], ["1", some]])),
        ("ITEMS without have", encode_frame(ITEMS, {"items": [], "lack": [], "more": False}).hex()),
        ("ITEMS without items", encode_frame(ITEMS, {"have": [], "lack": [], "more": False}).hex()),
        ("ITEMS without lack", encode_frame(ITEMS, {"have": [], "items": [], "more": False}).hex()),
        ("ITEMS without more", encode_frame(ITEMS, {"have": [], "items": [], "lack": []}).hex()),
        ("short torn", items_frame(have=[["", bytes(7)]])),
        ("lack torn", items_frame(lack=[["", bytes(5)]])),
        ("1,025 shorts", items_frame(have=[["", bytes(6_150)]])),
        ("1,025 lacking", items_frame(lack=[["", bytes(6_150)]])),
        ("have out of order", items_frame(have=[["1", b""], ["0", b""]])),
        ("have within another", items_frame(have=[["1", b""], ["11", b""]])),
        ("lack twice", items_frame(lack=[["1", bytes(6)], ["1", bytes(6)]])),
        ("log of 31 bytes", items_frame(items=[[bytes(31), 1, 7]])),
        ("epoch 0", items_frame(items=[[log, 0, 7]])),
        ("epoch 2^32", items_frame(items=[[log, 2**32, 7]])),
        ("size below 0", items_frame(items=[[log, 1, -1]])),
        ("item without a size", items_frame(items=[[log, 1]])),
        ("item with a root", items_frame(items=[[log, 1, 7, bytes(32)]])),
        ("shorts as text", items_frame(have=[["", "abcdef"]])),
    ):
        group.invalid(name, "malformed", frame_hex=frame)
    return group


def frame_sizes(group: Group) -> Group:
    prefixes = [f"{number:03x}" for number in range(1_025)]
    for field_name in ("have", "lack"):
        full = [[prefix, b""] for prefix in prefixes]
        group.valid(f"1,024 in {field_name}", frame_runs_hex=[[items_frame(**{field_name: full[:1_024]}), 1]])
        group.invalid(f"1,025 in {field_name}", "malformed", frame_runs_hex=[[items_frame(**{field_name: full}), 1]])
    told = [bytes(32), 1, 7]
    element = messagepack.encode(told)
    for count in (16_384, 16_385):
        head = messagepack.encode([ITEMS, {"have": [], "items": [], "lack": [], "more": False}])
        before, behind = head.split(b"items\x90")
        runs = [
            [(before + b"items\xdc" + count.to_bytes(2, "big")).hex(), 1],
            [element.hex(), count],
            [behind.hex(), 1],
        ]
        if count == 16_384:
            group.valid("16,384 items", frame_runs_hex=runs)
        else:
            group.invalid("16,385 items", "malformed", frame_runs_hex=runs)
    return group


def held(*items: Item, count: int = 0) -> Fields:
    """What a side holds."""
    return {"salt_hex": SALT.hex(), "count": count, "items_hex": hexes([item.encode() for item in items])}


def starts(group: Group) -> Group:
    for count in (0, 1, 64, 65, 1_024, 1_025):
        group.valid(f"{count} items", **held(count=count))
    return group


def answers(group: Group) -> Group:
    range_answers(group)
    short_answers(group)
    item_answers(group)
    return group


def range_answers(group: Group) -> None:
    def of(items: list[Item], *prefixes: str, levels: int = 1) -> str:
        return ranges_frame([[prefix, fingerprints(items, prefix, levels)] for prefix in prefixes])

    some = numbered(100)
    group.valid("the same", frame_hex=of(some, ""), **held(count=100))
    group.valid("the same at two levels", frame_hex=of(some, "", levels=2), **held(count=100))
    group.valid("RANGES of no range", frame_hex=ranges_frame([]), **held(count=100))
    group.valid("one lacking there", frame_hex=of(some[1:], ""), **held(count=100))
    group.valid("one lacking here", frame_hex=of(some, ""), **held(count=99))
    group.valid("one larger there", frame_hex=of([replace(some[0], size=9), *some[1:]], ""), **held(count=100))
    group.valid("another root", frame_hex=of([replace(some[0], root=b"1" * 32), *some[1:]], ""), **held(count=100))
    group.valid("nothing there", frame_hex=of([], ""), **held(count=40))
    group.valid("nothing here", frame_hex=of(some, ""), **held())
    group.valid("nothing anywhere", frame_hex=of([], ""), **held())
    group.valid("two prefixes", frame_hex=of(some[1:], "2", "d"), **held(count=100))
    group.valid("deeper and shorts", frame_hex=of(numbered(1_200), ""), **held(count=1_060))
    close = [Item(bytes(31) + bytes([number >> 4]), number % 16 + 1, 1, bytes(32)) for number in range(140)]
    group.valid("nothing but the last digit is left", frame_hex=of(close[:3], "0" * 63), **held(*close))


def short_answers(group: Group) -> None:
    def have(items: list[Item], prefix: str = "") -> str:
        return items_frame(have=[[prefix, b"".join(item.short(SALT) for item in below(items, prefix))]])

    some = numbered(20)
    group.valid("have the same", frame_hex=have(some), **held(count=20))
    group.valid("have nothing", frame_hex=have([]), **held(count=20))
    group.valid("have less", frame_hex=have(some[:15]), **held(count=20))
    group.valid("have more", frame_hex=have(some), **held(count=15))
    group.valid("have others", frame_hex=have([*some[2:], labelled("a")]), **held(count=20))
    group.valid("have a larger one", frame_hex=have([replace(some[0], size=9), *some[1:]]), **held(count=20))
    group.valid("have, with another salt", frame_hex=have(some), **(held(count=3) | {"salt_hex": bytes(32).hex()}))
    group.valid("have below a prefix", frame_hex=have(some[1:], some[0].log_id.hex()[:1]), **held(count=20))
    group.valid("have one of many", frame_hex=have(some[:1]), **held(count=1_025))
    group.valid("have nothing of many below", frame_hex=items_frame(have=[["00", b""]]), **held(count=1_025))


def item_answers(group: Group) -> None:
    one = labelled("a", 7)
    for name, size in (("larger", 8), ("smaller", 6), ("as large", 7)):
        told = [[one.log_id, 1, size]]
        group.valid(f"an item that is {name}", frame_hex=items_frame(items=told), **held(one))
    group.valid("an item of another epoch", frame_hex=items_frame(items=[[one.log_id, 2, 1]]), **held(one))
    group.valid("an item that is lacking", frame_hex=items_frame(items=[[one.log_id, 1, 7]]), **held(count=3))
    group.valid("an empty log that is lacking", frame_hex=items_frame(items=[[one.log_id, 1, 0]]), **held(count=3))
    group.valid(
        "two epochs of a log", frame_hex=items_frame(items=[[one.log_id, 1, 9], [one.log_id, 2, 1]]), **held(one)
    )
    group.valid("ITEMS of nothing", frame_hex=items_frame(), **held(one))
    lack = [["", one.short(SALT)]]
    group.valid("lacks one", frame_hex=items_frame(lack=lack), **held(one, count=3))
    group.valid("lacks one that nobody knows", frame_hex=items_frame(lack=[["", bytes(6)]]), **held(one))
    group.valid(
        "lacks one, having a larger one", frame_hex=items_frame(items=[[one.log_id, 1, 8]], lack=lack), **held(one)
    )
    group.valid("lacks one of too many", frame_hex=items_frame(lack=lack), **held(one, count=1_024))
    group.valid("question and answer at once", frame_hex=items_frame(have=[["", b""]], lack=lack), **held(one))
