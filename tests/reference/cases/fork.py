# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 12: fork proofs and their verdicts."""

from collections.abc import Iterator
from dataclasses import replace

from tests.reference import messagepack, tree, world
from tests.reference.cases import trust
from tests.reference.cases.charter import amendment
from tests.reference.charter import log_id_of, to_base32
from tests.reference.checkpoint import Checkpoint
from tests.reference.fork import BYTES_MAX, EXITS, HEADER, ForkFile, judge_fork, parse_fork
from tests.reference.note import Note, sign_line
from tests.reference.rejection import reject
from tests.reference.seeded import Signer, seeded_bytes, signer
from tests.reference.statement import seal
from tests.reference.vector import Fields, Group, hexes, join_runs, split_runs, vector_file
from tests.reference.verifier_key import LOG_TYPE, VerifierKey

NEW = signer("another operator")
LEAVES = [tree.leaf_hash(b"entry %d" % number) for number in range(12)]
OTHER = [*LEAVES[:3], *(tree.leaf_hash(b"other %d" % number) for number in range(3, 12))]


def generate() -> bytes:
    """The file 12-fork-proof.json."""
    return vector_file("12", "Fork proof", groups())


def groups() -> Iterator[Group]:
    """The groups of the file."""
    yield forms(
        Group(
            "fork_proof_form",
            "Read fork_proof_hex by §1; whether anything in it holds is not looked at. Gives charters_hex, first and"
            " second (notes), root_hex and hashes_hex; writing them gives the file again.",
            check_form,
        )
    )
    yield sizes(Group("fork_proof_size", "Read fork_proof_runs_hex by §1. Gives charters: how many.", check_size))
    told = " A case is valid when the verdict is true; of the others the reason is the verdict."
    about = "Check fork_proof_hex by §3 with {}: gives verdict and exit."
    yield verdicts(Group("verdict", about.format("the charters in it alone") + told, check_verdict))
    known = Group("verdict_known", about.format("the charters known_hex known beside it") + told, check_verdict)
    yield known_charters(known)
    yield trust_files(Group("verdict_trust", about.format("the trust file `trust`") + told, check_verdict))


def check_form(inputs: Fields) -> Fields:
    data = bytes.fromhex(inputs["fork_proof_hex"])
    file = parse_fork(data).file
    assert file.encode() == data
    return {
        "charters_hex": hexes(file.charters),
        "first": file.first.decode(),
        "second": file.second.decode(),
        "root_hex": file.root.hex(),
        "hashes_hex": hexes(file.hashes),
    }


def check_size(inputs: Fields) -> Fields:
    return {"charters": len(parse_fork(join_runs(inputs["fork_proof_runs_hex"])).file.charters)}


def check_verdict(inputs: Fields) -> Fields:
    trusted = trust.read(inputs).logs if "trust" in inputs else None
    known = [bytes.fromhex(item) for item in inputs.get("known_hex", [])]
    verdict = judge_fork(bytes.fromhex(inputs["fork_proof_hex"]), trusted, known)
    if verdict != "true":
        reject(verdict)
    return {"verdict": verdict, "exit": EXITS[verdict]}


def note_of(size: int, root: bytes, by: Signer = world.OPERATOR, origin: str = "") -> bytes:
    """A checkpoint with one signature."""
    name = origin or world.origin()
    text = str(Checkpoint(name, size, root))
    return str(Note(text, [sign_line(text, VerifierKey(name, LOG_TYPE, by.public_key), by)])).encode()


def fork(size: int = 5, other_size: int = 9, by: Signer = world.OPERATOR, other_by: Signer | None = None) -> ForkFile:
    """The proof from `size` entries of one history and `other_size` of the other."""
    first = note_of(size, tree.root(LEAVES[:size]), by)
    second = note_of(other_size, tree.root(OTHER[:other_size]), other_by or by)
    if size < other_size:
        hashes = tree.prove_consistency(size, OTHER[:other_size])
        return ForkFile([charter()], first, second, tree.root(OTHER[:size]), hashes)
    ordered = sorted([(tree.root(LEAVES[:size]), first), (tree.root(OTHER[:size]), second)])
    return ForkFile([charter()], ordered[0][1], ordered[1][1], ordered[1][0], [])


def charter() -> bytes:
    """The first charter's payload."""
    return world.first_payload().encode()


def swapped(file: ForkFile) -> ForkFile:
    """The notes in the other order."""
    return replace(file, first=file.second, second=file.first)


def forms(group: Group) -> Group:
    good = fork()

    def add(name: str, file: ForkFile) -> None:
        group.valid(name, fork_proof_hex=file.encode().hex())

    add("smaller size and larger size", good)
    add("one size", fork(5, 5))
    add("no charters", replace(good, charters=[]))
    add("64 hashes", replace(good, hashes=[seeded_bytes(f"{number}") for number in range(64)]))
    add("64 charters of other content", replace(good, charters=[b"%d" % number for number in range(64)]))
    add("two logs", replace(good, second=note_of(9, bytes(32), origin="example.org/log")))
    add("one checkpoint twice", replace(good, second=good.first))
    bad_forms(group, good)
    return group


def sizes(group: Group) -> Group:
    good = fork()
    room = BYTES_MAX - len(replace(good, charters=[b""]).encode()) - 1
    runs = [split_runs(replace(good, charters=[bytes(size)]).encode(), b"\0") for size in (room, room + 1)]
    group.valid("65,536 bytes", fork_proof_runs_hex=runs[0])
    group.invalid("65,537 bytes", "size", fork_proof_runs_hex=runs[1])
    return group


def bad_forms(group: Group, good: ForkFile) -> None:
    """What is not a fork proof."""
    data = good.encode()
    parts = messagepack.decode(data.removeprefix(HEADER))
    second = good.second.decode()
    line = second.split("\n\n")[1]
    epoch_2 = other_name(line, second, world.origin(2))
    empty = note_of(0, tree.EMPTY_ROOT)
    cases: list[tuple[str, str, bytes]] = [
        ("empty", "header", b""),
        ("header of another version", "header", data.replace(b"/1\n", b"/2\n", 1)),
        ("header of a proof file", "header", data.replace(HEADER, b"c2sp.org/tlog-proof@v1\n", 1)),
        ("header with a carriage return", "header", data.replace(b"/1\n", b"/1\r\n", 1)),
        ("only a header", "form", HEADER),
        ("torn", "form", data[:-1]),
        ("a byte behind", "form", data + b"\0"),
        ("a second spelling", "form", data.replace(HEADER + b"\x95", HEADER + b"\xdc\0\5", 1)),
        ("four parts", "form", HEADER + messagepack.encode(parts[:4])),
        ("six parts", "form", HEADER + messagepack.encode([*parts, b""])),
        ("root of 31 bytes", "form", replace(good, root=good.root[1:]).encode()),
        ("hash of 33 bytes", "form", replace(good, hashes=[bytes(33)]).encode()),
        ("65 hashes", "form", replace(good, hashes=[bytes(32)] * 65).encode()),
        ("65 charters", "form", replace(good, charters=[b""] * 65).encode()),
        ("a charter as text", "form", HEADER + messagepack.encode([["charter"], *parts[1:]])),
        ("a note as text", "form", HEADER + messagepack.encode([parts[0], "note", *parts[2:]])),
        ("note without a signature", "note", replace(good, second=second.split("\n\n")[0].encode() + b"\n").encode()),
        ("note with its signature twice", "note", replace(good, second=(second + line).encode()).encode()),
        ("signed under another name", "note", replace(good, second=other_name(line, second, "x")).encode()),
        ("signed by the name of another epoch", "note", replace(good, second=epoch_2).encode()),
        ("not a checkpoint", "note", replace(good, first=b"a\n\n" + line.encode()).encode()),
        ("larger checkpoint first", "order", swapped(good).encode()),
        ("one size, larger root first", "order", swapped(fork(5, 5)).encode()),
        ("a checkpoint of no entries", "order", replace(good, first=empty).encode()),
    ]  # fmt: skip
    for name, reason, changed in cases:
        group.invalid(name, reason, fork_proof_hex=changed.hex())


def other_name(line: str, note: str, name: str) -> bytes:
    """The note with a signature line that has another name."""
    return note.replace(line, line.replace(world.origin(), name, 1)).encode()


def judged(group: Group, name: str, verdict: str, file: ForkFile | bytes, **inputs: object) -> None:
    """Add a case with its verdict."""
    data = (file if isinstance(file, bytes) else file.encode()).hex()
    if verdict == "true":
        group.valid(name, fork_proof_hex=data, **inputs)
        return
    group.invalid(name, verdict, fork_proof_hex=data, **inputs)
    group.cases[-1] |= {"verdict": verdict, "exit": EXITS[verdict]}


def verdicts(group: Group) -> Group:
    good = fork()
    judged(group, "one size, two roots", "true", fork(5, 5))
    for size in (4, 5, 6, 8):
        judged(group, f"{size} entries of one history, 9 of the other", "true", fork(size, 9))
    judged(group, "8 entries and 12", "true", fork(8, 12))
    both = two_keys()
    judged(group, "two operating keys of one charter", "true", both)
    amended = [charter(), bytes.fromhex(amendment(1, keys=[NEW.public_key]))]
    judged(group, "an amended charter, signed by its key", "true", replace(fork(by=NEW), charters=amended))
    judged(group, "malformed: empty", "malformed", b"")
    judged(group, "malformed: larger checkpoint first", "malformed", swapped(good))
    other_epoch = note_of(9, tree.root(OTHER[:9]), origin=world.origin(2))
    judged(group, "false: origin: two epochs", "false: origin", replace(good, second=other_epoch))
    foreign = [note_of(size, bytes(32), origin="example.org/log") for size in (5, 9)]
    named = replace(good, first=foreign[0], second=foreign[1])
    judged(group, "false: charters: the origin is not of such a log", "false: charters", named)
    judged(group, "false: charters: of another log", "false: charters", replace(good, charters=both.charters))
    judged(group, "false: charters: not a charter", "false: charters", replace(good, charters=[b"charter"]))
    judged(group, "false: charters: the first is missing", "false: charters", replace(good, charters=amended[1:]))
    judged(group, "false: charters: the same twice", "false: charters", replace(good, charters=[charter()] * 2))
    judged(group, "unknown log: no charters", "unknown log", replace(good, charters=[]))
    judged(group, "false: signature: both by a stranger", "false: signature", fork(by=NEW))
    judged(group, "false: signature: second by a stranger", "false: signature", fork(other_by=NEW))
    judged(group, "false: signature: of another checkpoint", "false: signature", replace(good, first=spoilt()))
    removed = replace(good, charters=amended)
    judged(group, "removed key: both", "removed key", removed)
    judged(group, "removed key: the first", "removed key", replace(fork(other_by=NEW), charters=amended))
    second = replace(fork(by=NEW, other_by=world.OPERATOR), charters=amended)
    judged(group, "removed key: the second", "removed key", second)
    kept = [charter(), bytes.fromhex(amendment(1, keys=[NEW.public_key, world.OPERATOR.public_key]))]
    judged(group, "a key that the amendment kept", "true", replace(fork(other_by=NEW), charters=kept))
    false_histories(group, good)
    return group


def spoilt() -> bytes:
    """A checkpoint with the signature of another one."""
    note, other = (note_of(5, tree.root(LEAVES[:size])) for size in (6, 5))
    return note.replace(line_of(note), line_of(other))


def line_of(note: bytes) -> bytes:
    """Its signature line."""
    return note.split(b"\n\n")[1]


def two_keys() -> ForkFile:
    """A proof by the two keys of another log."""
    body = world.charter_body(keys=[world.OPERATOR.public_key, NEW.public_key])
    payload = seal(world.charter_statement(body), seeded_bytes("two"), world.OPERATOR, world.recovery_signers(0)[:2])
    origin = f"folkmoot/{to_base32(log_id_of(payload.statement))}/1"
    first = note_of(5, tree.root(LEAVES[:5]), origin=origin)
    second = note_of(9, tree.root(OTHER[:9]), NEW, origin)
    return replace(fork(), charters=[payload.encode()], first=first, second=second)


def false_histories(group: Group, good: ForkFile) -> None:
    """Checkpoints that the log did sign, and that do not contradict each other or are not shown to."""
    grown = note_of(9, tree.root(LEAVES[:9]))
    honest = replace(good, second=grown, root=tree.root(LEAVES[:5]), hashes=tree.prove_consistency(5, LEAVES[:9]))
    judged(group, "false: consistency: no hashes", "false: consistency", replace(good, hashes=[]))
    judged(group, "false: consistency: a hash too few", "false: consistency", replace(good, hashes=good.hashes[:-1]))
    more = [*good.hashes, bytes(32)]
    judged(group, "false: consistency: a hash too many", "false: consistency", replace(good, hashes=more))
    judged(group, "false: consistency: another hash", "false: consistency", replace(good, hashes=more[1:]))
    judged(group, "false: consistency: another root", "false: consistency", replace(good, root=bytes(32)))
    judged(group, "false: consistency: into another tree", "false: consistency", replace(good, second=grown))
    judged(group, "false: consistency: honest log, root made up", "false: consistency", replace(honest, root=bytes(32)))
    power = fork(4, 9)
    judged(group, "false: consistency: 4 entries, root made up", "false: consistency", replace(power, root=bytes(32)))
    same = fork(5, 5)
    judged(group, "false: consistency: one size, a hash", "false: consistency", replace(same, hashes=[bytes(32)]))
    judged(group, "false: consistency: one size, another root", "false: consistency", replace(same, root=bytes(32)))
    judged(group, "false: same history: an honest log", "false: same history", honest)
    within = replace(fork(3, 9), first=note_of(3, tree.root(LEAVES[:3])))
    judged(group, "false: same history: what both histories share", "false: same history", within)
    twice = replace(same, first=same.second)
    judged(group, "false: same history: one checkpoint twice", "false: same history", twice)


def known_charters(group: Group) -> Group:
    good, bare = fork(), replace(fork(), charters=[])
    first, other = charter().hex(), amendment(1, keys=[NEW.public_key])
    judged(group, "no charters inside, the first known", "true", bare, known_hex=[first])
    judged(group, "the same inside and known", "true", good, known_hex=[first])
    judged(group, "an amendment known that keeps the key", "true", good, known_hex=[first, amendment(1)])
    judged(group, "removed key: by an amendment known", "removed key", good, known_hex=[first, other])
    judged(group, "removed key: no charters inside", "removed key", bare, known_hex=[first, other])
    longer = replace(fork(by=NEW), charters=[charter(), bytes.fromhex(other)])
    judged(group, "a longer chain inside", "true", longer, known_hex=[first])
    unknown = replace(longer, charters=[])
    judged(group, "unknown log: by a key that is not known yet", "unknown log", unknown, known_hex=[first])
    judged(group, "a new key, known", "true", unknown, known_hex=[first, other])
    stranger = two_keys().charters[0].hex()
    judged(group, "false: charters: of another log known", "false: charters", good, known_hex=[stranger])
    return group


def trust_files(group: Group) -> Group:
    good, bare = fork(), replace(fork(), charters=[])
    text = trust.LOG + "quorum none\n"
    judged(group, "key listed", "true", good, trust=text)
    judged(group, "key listed, no charters inside", "true", bare, trust=text)
    judged(group, "a quorum is not asked for", "true", good, trust=f"{trust.LOG}{trust.NORTH}quorum north\n")
    origin = "example.org/log"
    vkey = VerifierKey(origin, LOG_TYPE, NEW.public_key)
    third = [note_of(size, tree.root(leaves[:size]), NEW, origin) for size, leaves in ((5, LEAVES), (9, OTHER))]
    other_log = replace(bare, first=third[0], second=third[1])
    judged(group, "a log of another sort", "true", other_log, trust=f"log {vkey}\nquorum none\n")
    stranger = VerifierKey(world.origin(), LOG_TYPE, NEW.public_key)
    judged(group, "unknown log: nothing listed", "unknown log", good, trust="quorum none\n")
    judged(group, "unknown log: another key listed", "unknown log", good, trust=f"log {stranger}\nquorum none\n")
    one = fork(other_by=NEW)
    judged(group, "unknown log: one of two keys listed", "unknown log", one, trust=text)
    judged(group, "two keys listed", "true", one, trust=f"log {stranger}\n{text}")
    judged(group, "false: signature", "false: signature", replace(bare, first=spoilt()), trust=text)
    return group
