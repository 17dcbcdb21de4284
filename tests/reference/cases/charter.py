# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 04: identity, recovery keys, bodies, and chains of charters."""

from collections.abc import Iterator

from tests.reference import charter, messagepack, world
from tests.reference.cases import amendments, role_sessions, roles
from tests.reference.cases.assembly_rules import bad_rules
from tests.reference.messagepack import Value
from tests.reference.seeded import Signer, seeded_bytes, signer
from tests.reference.statement import seal
from tests.reference.vector import Fields, Group, hexes, vector_file
from tests.reference.verifier_key import LOG_TYPE, WITNESS_TYPE, VerifierKey


def generate() -> bytes:
    """The file 04-charter.json."""
    return vector_file("04", "Charter", groups())


def groups() -> Iterator[Group]:
    """The groups of the file."""
    identity = Group(
        "log_id", "The LogId of a first statement: log_id_hex, its text log_id and short, for people.", check_log_id
    )
    identity.valid("the common log", statement_hex=world.first_payload().statement.hex())
    firm = world.charter_statement(world.charter_body(kind="firm")).encode()
    identity.valid("another log", statement_hex=firm.hex())
    yield identity
    digests = Group(
        "recovery_digest", "The digest_hex of a recovery set (§3): threshold and keys_hex ascending.", check_digest
    )
    keys = sorted(signer(f"recovery {number}").public_key for number in range(16))
    for threshold, count in ((1, 1), (1, 2), (2, 3), (3, 5), (16, 16)):
        digests.valid(f"{threshold} of {count}", threshold=threshold, keys_hex=hexes(keys[:count]))
    yield digests
    holders = Group(
        "recovery_key",
        "The key of a generation of the holder of secret_hex (§3): seed_hex and public_key_hex.",
        check_recovery_key,
    )
    for number, secret in enumerate((bytes(32), *world.SECRETS[:2])):
        for generation in (0, 1, 2, 255, 256, 2**32 - 1):
            holders.valid(f"secret {number} generation {generation}", secret_hex=secret.hex(), generation=generation)
    yield holders
    yield bodies(
        Group(
            "body",
            "Read the charter body body_hex by §2 alone. Gives kseq, keys_hex, recovery_keys_hex, threshold and"
            " next_hex.",
            check_body,
        )
    )
    yield chains(
        Group(
            "chain",
            "The charters of a log in order, each the payload (page 03) of its entry. All signatures hold. All"
            " but the last"
            " are valid; when the last is too, gives log_id_hex and what is in force after it. A first charter"
            " with too few"
            " recovery signatures lacks those of its own set, so its reason is new_threshold.",
            check_chain,
        )
    )

    yield roles.group()
    yield role_sessions.group()
    yield amendments.group(world.first_payload().encode().hex(), amendment)


def check_log_id(inputs: Fields) -> Fields:
    log_id = charter.log_id_of(bytes.fromhex(inputs["statement_hex"]))
    text = charter.to_base32(log_id)
    return {"log_id_hex": log_id.hex(), "log_id": text, "short": text[:8]}


def check_digest(inputs: Fields) -> Fields:
    keys = [bytes.fromhex(key) for key in inputs["keys_hex"]]
    return {"digest_hex": charter.recovery_digest(inputs["threshold"], keys).hex()}


def check_recovery_key(inputs: Fields) -> Fields:
    made = charter.recovery_signer(bytes.fromhex(inputs["secret_hex"]), inputs["generation"])
    return {"seed_hex": made.seed.hex(), "public_key_hex": made.public_key.hex()}


def in_force(read: charter.Charter) -> Fields:
    """What a charter says of keys, as outputs of a case."""
    return {
        "kseq": read.kseq,
        "keys_hex": hexes(read.keys),
        "recovery_keys_hex": hexes(read.recovery_keys),
        "threshold": read.threshold,
        "next_hex": read.next.hex(),
    }


def check_body(inputs: Fields) -> Fields:
    return in_force(charter.check_body(messagepack.decode(bytes.fromhex(inputs["body_hex"]))))


def check_chain(inputs: Fields) -> Fields:
    chain = charter.chain_of([bytes.fromhex(payload) for payload in inputs["charters_hex"]])
    return {"log_id_hex": chain.log_id.hex(), **in_force(chain.charter)}


def witness_keys(count: int, key_type: int = WITNESS_TYPE) -> list[Value]:
    """Verifier keys as a charter lists them."""
    return [str(VerifierKey(f"w{n}.example", key_type, signer(f"w{n}").public_key)) for n in range(count)]


def keys_of(count: int) -> list[Value]:
    """Public keys, ascending."""
    return sorted(signer(f"recovery {number}").public_key for number in range(count))


def bodies(group: Group) -> Group:
    def add(title: str, /, **changes: Value) -> None:
        group.valid(title, body_hex=messagepack.encode(world.charter_body(**changes)).hex())

    add("plain")
    for kind in charter.KINDS:
        add(f"kind {kind}", kind=kind)
    add("kseq 7", kseq=7)
    add("one name", name={"und": "a"})
    add("sixteen names of 200 characters", name={f"x-{number}": "\u00e9" * 200 for number in range(16)})
    add("sixteen languages", languages=["en", "de-AT", "zh-Hant-TW", "und", *(f"x-{number}" for number in range(12))])
    add("territory", territory="The valley, from the mill to the bridge")
    add("territory of 200 characters", territory="\U0001f33e" * 200)
    add("four keys", keys=[signer(f"key {number}").public_key for number in range(4)])
    add("one recovery key", recovery={"keys": keys_of(1), "threshold": 1})
    add("sixteen of sixteen recovery keys", recovery={"keys": keys_of(16), "threshold": 16})
    add("witnesses", witnesses=witness_keys(3), quorum=2)
    add("witnesses of which none is asked", witnesses=witness_keys(1), quorum=0)
    add("sixteen witnesses, all asked", witnesses=witness_keys(16), quorum=16)
    add("no endpoints", endpoints=[])
    add("eight endpoints", endpoints=[f"http://n{number}.example:8080/a?b=c" for number in range(8)])
    add("rules of the assembly", assembly={"quorum": [1, 3], "majority": [2, 3]})
    add("rules of the assembly at their ends", assembly={"quorum": [0, 10**9], "majority": [1, 1]})
    add("opens an epoch", opens=opening())
    add("opens a late epoch, with a fork proof", opens=opening(epoch=2**40, fork=bytes(32)))
    add("keys that the page does not name are ignored", zzz=[1], a=b"")
    add_missing_fields(group)
    add_bad_fields(group)
    add_bad_keys(group)
    add_bad_openings(group)
    return group


def add_missing_fields(group: Group) -> None:
    for field in world.charter_body():
        body = world.charter_body()
        del body[field]
        group.invalid(f"{field} missing", "body", body_hex=messagepack.encode(body).hex())
    for field in ("keys", "threshold"):
        body = world.charter_body()
        del body["recovery"][field]
        group.invalid(f"recovery {field} missing", "body", body_hex=messagepack.encode(body).hex())


def add_bad(group: Group, field: str, bad: dict[str, Value]) -> None:
    """One case for each bad value of a field."""
    for name, value in bad.items():
        body = world.charter_body() | {field: value}
        group.invalid(f"{field} {name}", "body", body_hex=messagepack.encode(body).hex())


def add_bad_fields(group: Group) -> None:
    seventeen = {f"x-{number}": "a" for number in range(17)}
    names = {
        "is text": "a",
        "empty": {},
        "of 17": seventeen,
        "with an empty text": {"en": ""},
        "with bytes": {"en": b"a"},
    }
    add_bad(group, "name", names | {"of 201 characters": {"en": "a" * 201}, "with an empty tag": {"": "a"}})
    add_bad(group, "kind", {"unknown": "club", "in upper case": "Coop", "is bytes": b"coop", "empty": ""})
    tags = {"empty": [], "of 17": list(seventeen), "is text": "en", "of numbers": [1]}
    add_bad(
        group,
        "languages",
        tags | {"with an empty tag": [""], "with a space": ["en de"], "with an underscore": ["de_AT"]},
    )
    add_bad(group, "assembly", bad_rules())
    add_bad(group, "territory", {"of 201 characters": "a" * 201, "is a map": {"en": "a"}})
    urls = {"of 9": ["https://a.example/"] * 9, "is text": "https://a.example/", "with bytes": [b"https://a.example/"]}
    urls |= {
        "with another scheme": ["ftp://a.example/"],
        "without a scheme": ["a.example"],
        "without a host": ["https://"],
    }
    add_bad(group, "endpoints", urls | {"of a script": ["javascript:alert(1)"], "with an empty text": [""]})
    add_bad(group, "licence", {"is a list": ["CC0-1.0"], "is bytes": b"CC0-1.0"})
    add_bad(group, "kseq", {"negative": -1, "is text": "0", "is false": False})


def add_bad_openings(group: Group) -> None:
    bad: dict[str, Value] = {"is a list": [2, 1, bytes(32)], "is empty": {}}
    for field in ("epoch", "size", "root"):
        torn = opening()
        del torn[field]
        bad[f"without {field}"] = torn
    bad |= {"of epoch 1": opening(epoch=1), "of size 0": opening(size=0), "of size true": opening(size=True)}
    bad |= {"with a root of 31 bytes": opening(root=bytes(31)), "with a fork of 31 bytes": opening(fork=bytes(31))}
    add_bad(group, "opens", bad | {"with an empty fork": opening(fork=b"")})


def opening(**changes: Value) -> dict[str, Value]:
    """What a charter says of the second epoch."""
    return {"epoch": 2, "size": 5, "root": seeded_bytes("accepted root"), **changes}


def add_bad_keys(group: Group) -> None:
    key, few = signer("key").public_key, keys_of(3)
    bad = {
        "empty": [],
        "of 5": [signer(f"key {n}").public_key for n in range(5)],
        "is bytes": key,
        "with text": ["a" * 32],
    }
    add_bad(group, "keys", bad | {"with 31 bytes": [key[1:]], "with 33 bytes": [key + b"\0"]})
    sets = {
        "is a list": few,
        "without keys": {"keys": [], "threshold": 0},
        "of 17 keys": {"keys": keys_of(17), "threshold": 1},
        "not ascending": {"keys": few[::-1], "threshold": 1},
        "with a key twice": {"keys": [few[0], few[0]], "threshold": 1},
        "with 31 bytes": {"keys": [few[0][1:]], "threshold": 1},
        "with threshold 0": {"keys": few, "threshold": 0},
        "with threshold above its keys": {"keys": few, "threshold": 4},
        "with threshold -1": {"keys": few, "threshold": -1},
        "with threshold true": {"keys": few, "threshold": True},
    }
    add_bad(group, "recovery", sets)
    add_bad(group, "next", {"of 31 bytes": bytes(31), "empty": b"", "is text": "a" * 32})
    good = witness_keys(1)[0]
    witnesses = {"of 17": witness_keys(17), "is text": good, "of bytes": [good.encode()], "torn": [good[:-1]]}
    add_bad(group, "witnesses", witnesses | {"of type 1": witness_keys(1, LOG_TYPE), "with an empty text": [""]})
    add_bad(group, "quorum", {"above the witnesses": 1, "negative": -1, "is false": False})


def first(body: dict[str, Value] | None = None, recoverers: int = 2, **changes: Value) -> str:
    """A first charter."""
    made = world.charter_statement(body or world.charter_body(), **changes)
    author = changes.get("author", world.OPERATOR)
    return seal(made, seeded_bytes("charter salt"), author, world.recovery_signers(0)[:recoverers]).encode().hex()


def amendment(
    kseq: int = 1,
    old: slice = slice(2),
    new: slice = slice(1, 3),
    author: Signer | None = None,
    log_id: bytes | None = None,
    **changes: Value,
) -> str:
    """The charter after kseq - 1. The author is its own holder 0; `old` and `new` say which holders sign besides."""
    holders = world.recovery_signers(kseq)
    by = author or holders[0]
    body = world.charter_body(kseq, **changes)
    made = world.charter_statement(body, by, world.log_id() if log_id is None else log_id)
    others = [one for one in [*world.recovery_signers(kseq - 1)[old], *holders[new]] if one != by]
    return seal(made, seeded_bytes(f"amendment salt {kseq}"), by, others).encode().hex()


def chains(group: Group) -> Group:
    start = world.first_payload().encode().hex()
    group.valid("first charter", charters_hex=[start])
    group.valid("first charter, all holders", charters_hex=[first(recoverers=3)])
    group.valid(
        "first charter, two operating keys",
        charters_hex=[first(world.charter_body(keys=[bytes(32), world.OPERATOR.public_key]))],
    )
    group.valid("amendment", charters_hex=[start, amendment()])
    group.valid("three amendments", charters_hex=[start, amendment(1), amendment(2), amendment(3)])
    other_key = signer("other operator").public_key
    group.valid("amendment to another operating key", charters_hex=[start, amendment(keys=[other_key])])
    group.valid("exactly the threshold on both sides", charters_hex=[start, amendment(1, slice(2), slice(1, 2))])
    group.valid("other two old holders", charters_hex=[start, amendment(1, slice(1, 3))])
    stranger = [*world.recovery_signers(0)[:2], signer("a bystander")]
    made = world.charter_statement(world.charter_body())
    payload = seal(made, seeded_bytes("charter salt"), world.OPERATOR, stranger).encode().hex()
    group.valid("a bystander signs too", charters_hex=[payload])
    add_bad_firsts(group)
    add_bad_amendments(group, start)
    add_operating_keys(group, start)
    return group


def add_operating_keys(group: Group, start: str) -> None:
    """Keys that come, go and must not come back, and those of epochs."""
    old, new, third = world.OPERATOR.public_key, signer("new operator").public_key, signer("third operator").public_key

    def add(title: str, reason: str, *amendments: Fields) -> None:
        made = [amendment(kseq, **changes) for kseq, changes in enumerate(amendments, 1)]
        if reason:
            group.invalid(title, reason, charters_hex=[start, *made])
        else:
            group.valid(title, charters_hex=[start, *made])

    by_new = {"keys": [new], "author": signer("new operator")}
    add("author is the new operating key", "", by_new)
    add("a key is added, then the other removed", "", {"keys": [old, new]}, {"keys": [new]})
    add("a removed key returns", "keys", {"keys": [new]}, {"keys": [old]})
    add("a removed key returns beside its successor", "keys", {"keys": [new]}, {"keys": [new]}, {"keys": [new, old]})
    add("second epoch", "", {"keys": [new], "opens": opening()})
    add(
        "second epoch, then a change of name",
        "",
        {"keys": [new], "opens": opening()},
        {"keys": [new], "name": {"en": "a"}},
    )
    add("third epoch", "", {"keys": [new], "opens": opening()}, {"keys": [third], "opens": opening(epoch=3, size=2)})
    add("second epoch with the key of the first", "keys", {"opens": opening()})
    add("second epoch with a key removed in the first", "keys", {"keys": [new]}, {"keys": [old], "opens": opening()})
    add("third epoch without a second", "epoch", {"keys": [new], "opens": opening(epoch=3)})
    add("second epoch twice", "epoch", {"keys": [new], "opens": opening()}, {"keys": [third], "opens": opening()})
    group.invalid(
        "first charter: opens an epoch", "epoch", charters_hex=[first(world.charter_body(opens=opening(epoch=2)))]
    )


def add_bad_firsts(group: Group) -> None:
    holder = world.recovery_signers(0)[0]
    for name, reason, payload in (
        ("log_id set", "log_id", first(log_id=world.log_id())),
        ("kseq 1", "kseq", first(world.charter_body() | {"kseq": 1})),
        ("author is not an operating key", "author", first(world.charter_body(keys=[signer("other").public_key]))),
        ("one of two holders", "new_threshold", first(recoverers=1)),
        ("no holder", "new_threshold", first(recoverers=0)),
        ("body without next", "body", first({k: v for k, v in world.charter_body().items() if k != "next"})),
    ):
        group.invalid(f"first charter: {name}", reason, charters_hex=[payload])
    made = world.charter_statement(world.charter_body(), holder)
    payload = seal(made, bytes(32), holder, world.recovery_signers(0)[1:]).encode().hex()
    group.invalid("first charter: author is a recovery key", "author", charters_hex=[payload])


def add_bad_amendments(group: Group, start: str) -> None:
    thief = world.recovery_signers(5)
    stolen = {"keys": sorted(one.public_key for one in thief), "threshold": 2}
    low: dict[str, Value] = world.recovery_set(1) | {"threshold": 1}
    fewer = world.recovery_set(1) | {"keys": world.recovery_set(1)["keys"][:2]}
    for name, reason, payload in (
        ("log_id empty", "log_id", amendment(log_id=b"")),
        ("log_id of another log", "log_id", amendment(log_id=seeded_bytes("another log"))),
        ("kseq skips one", "kseq", bumped(2)),
        ("kseq not raised", "kseq", bumped(0)),
        ("recovery set with a lower threshold", "next", amendment(recovery=low)),
        ("recovery set without one key", "next", amendment(recovery=fewer, new=slice(1, 2))),
        ("recovery set as before", "next", amendment_as_before()),
        ("recovery set of a thief who has the old keys", "next", by_thief(stolen, thief)),
        ("one of two old holders", "old_threshold", amendment(old=slice(1))),
        ("no old holder", "old_threshold", amendment(old=slice(0))),
        ("one of two new holders", "new_threshold", amendment(new=slice(0))),
        (
            "author is an operating key of the charter before",
            "author",
            amendment(author=world.OPERATOR, keys=[bytes(32)]),
        ),
        ("author is a recovery key of the old set", "author", amendment(author=world.recovery_signers(0)[0])),
        ("author is a stranger", "author", amendment(author=signer("stranger"))),
        ("body without name", "body", amendment(name={})),
    ):
        group.invalid(f"amendment: {name}", reason, charters_hex=[start, payload])
    group.invalid("the same amendment again", "kseq", charters_hex=[start, amendment(1), amendment(1)])
    group.invalid("second amendment by the first set", "next", charters_hex=[start, amendment(1), bumped(2)])
    group.invalid("second amendment skipped", "kseq", charters_hex=[start, amendment(2)])


def bumped(kseq: int) -> str:
    """The first amendment with another kseq."""
    body = world.charter_body(1) | {"kseq": kseq}
    holders = world.recovery_signers(1)
    made = world.charter_statement(body, holders[0], world.log_id())
    others = [*world.recovery_signers(0)[:2], *holders[1:]]
    return seal(made, bytes(32), holders[0], others).encode().hex()


def amendment_as_before() -> str:
    """An amendment that keeps the recovery set, signed by all of it."""
    holders = world.recovery_signers(0)
    body = world.charter_body(0) | {"kseq": 1}
    made = world.charter_statement(body, holders[0], world.log_id())
    return seal(made, bytes(32), holders[0], holders[1:]).encode().hex()


def by_thief(stolen: dict[str, Value], thief: list[Signer]) -> str:
    """An amendment to a thief's own set, signed by it and by the old holders' keys."""
    made = world.charter_statement(world.charter_body(1, recovery=stolen), thief[0], world.log_id())
    return seal(made, bytes(32), thief[0], [*thief[1:], *world.recovery_signers(0)]).encode().hex()
