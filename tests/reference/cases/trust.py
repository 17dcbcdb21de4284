# SPDX-License-Identifier: AGPL-3.0-or-later
"""Vectors of spec 08 §2: trust files and quorums."""

from tests.reference import world
from tests.reference.rejection import require
from tests.reference.seeded import signer
from tests.reference.trust import Trust, parse_trust
from tests.reference.vector import Fields, Group
from tests.reference.verifier_key import LOG_TYPE, WITNESS_TYPE, VerifierKey

LOG = f"log {world.log_key()}\n"
NORTH, SOUTH, EAST, WEST = (f"witness {name} {world.witness_key(name)}\n" for name in world.WITNESSES)
ALL = NORTH + SOUTH + EAST + WEST


def read(inputs: Fields) -> Trust:
    """The trust file of a case."""
    return parse_trust(inputs["trust"].encode() if "trust" in inputs else bytes.fromhex(inputs["trust_hex"]))


def check_form(inputs: Fields) -> Fields:
    trust = read(inputs)
    return {
        "logs": [str(key) for key in trust.logs],
        "witnesses": [[name, str(key)] for name, key in trust.witnesses.items()],
        "groups": [[name, number, members] for name, (number, members) in trust.groups.items()],
        "quorum": trust.quorum,
    }


def check_quorum(inputs: Fields) -> Fields:
    trust = read(inputs)
    require(set(inputs["cosigners"]) <= trust.witnesses.keys(), "name")
    return {"satisfied": trust.is_satisfied(set(inputs["cosigners"]))}


def trust_files() -> Group:
    """The group of trust files and of what is not one."""
    group = Group(
        "trust",
        "Read the trust file, the text `trust` or the bytes trust_hex. Gives logs (verifier keys), witnesses"
        " ([name, verifier"
        " key] pairs), groups ([name, how many, members]) and quorum, each in the order of the file.",
        check_form,
    )
    for name, text in (
        ("one log, no witnesses", f"{LOG}quorum none\n"),
        ("only a quorum line", "quorum none\n"),
        ("one witness", f"{LOG}{NORTH}quorum north\n"),
        ("all", f"{LOG}{ALL}group g all north south east\nquorum g\n"),
        ("any", f"{LOG}{ALL}group g any north south east\nquorum g\n"),
        ("two of three", f"{LOG}{ALL}group g 2 north south east\nquorum g\n"),
        ("three of three", f"{LOG}{ALL}group g 3 north south east\nquorum g\n"),
        ("a group of one", f"{NORTH}group g all north\nquorum g\n"),
        ("group of groups", f"{LOG}{ALL}group a any north south\ngroup b all east west\ngroup c all a b\nquorum c\n"),
        ("group of witness and group", f"{LOG}{ALL}group a any north south\ngroup c all a east\nquorum c\n"),
        ("quorum line first", f"quorum none\n{LOG}{NORTH}"),
        ("quorum before other lines", f"{NORTH}quorum north\n{SOUTH}{LOG}"),
        ("a member may be the quorum", f"{NORTH}{SOUTH}group g any north south\nquorum north\n"),
        ("comments and empty lines", f"# trust\n\n#\n{LOG}\n#log nonsense\nquorum none\n#\n"),
        (
            "tabs and several spaces",
            f"log\t{world.log_key()}\nwitness \t north  {world.witness_key('north')}\nquorum  north\n",
        ),
        ("URLs", f"{LOG[:-1]} https://log.example/\n{NORTH[:-1]} https://north.example/\nquorum none\n"),
        ("names that are keywords", f"witness any {world.witness_key('north')}\ngroup all all any\nquorum all\n"),
        ("a name of digits", f"witness 2 {world.witness_key('north')}\ngroup g 1 2\nquorum g\n"),
        ("name not ASCII", f"witness n\u00f6rdlich {world.witness_key('north')}\nquorum n\u00f6rdlich\n"),
        (
            "two keys of one log",
            f"{LOG}log {VerifierKey(world.origin(), LOG_TYPE, signer('b').public_key)}\nquorum none\n",
        ),
        ("one key as log and as witness", f"{LOG}witness w {as_witness()}\nquorum none\n"),
        ("a space before the comment", " \t# comment\nquorum none\n"),
        ("no-break space in a comment", "#\u00a0x\nquorum none\n"),
    ):
        group.valid(name, trust=text)
    group.valid("a comment that is not UTF-8", trust_hex=b"# caf\xe9 \x80\xff\nquorum none\n".hex())
    add_bad_lines(group)
    add_bad_names(group)
    return group


def as_witness() -> VerifierKey:
    """A cosigning key with the log's public key."""
    return VerifierKey("w.example", WITNESS_TYPE, world.OPERATOR.public_key)


def add_bad_lines(group: Group) -> None:
    """Characters, lines and keys that are refused."""
    for name, character in (
        ("carriage return", "\r"),
        ("NUL", "\0"),
        ("escape", "\x1b"),
        ("delete", "\x7f"),
        ("form feed", "\f"),
    ):
        group.invalid(f"{name} in a comment", "character", trust=f"# {character}\nquorum none\n")
    group.invalid("CRLF", "character", trust="quorum none\r\n")
    for name, text in (
        ("no newline at the end", f"{LOG}quorum none"),
        ("unknown keyword", "peer x\nquorum none\n"),
        ("keyword in upper case", "QUORUM none\n"),
        ("comment behind a line", "quorum none # comment\n"),
        ("log without a key", "log\nquorum none\n"),
        ("log with too much", f"{LOG[:-1]} https://log.example/ more\nquorum none\n"),
        ("witness without a key", "witness north\nquorum none\n"),
        ("witness with too much", f"{NORTH[:-1]} https://north.example/ more\nquorum none\n"),
        ("group without a number", f"{NORTH}group g\nquorum north\n"),
        ("group without members", f"{NORTH}group g any\nquorum north\n"),
        ("quorum without a name", "quorum\n"),
        ("quorum with two names", f"{NORTH}{SOUTH}quorum north south\n"),
        ("no-break space between items", "quorum\u00a0none\n"),
    ):
        group.invalid(name, "line", trust=text)
    good, witness = str(world.log_key()), str(world.witness_key("north"))
    for name, text in (
        ("log key is a word", "log key\nquorum none\n"),
        ("log key with another key id", f"log {good.replace(world.log_key().key_id.hex(), '00000000')}\nquorum none\n"),
        ("log key torn", f"log {good[:-1]}\nquorum none\n"),
        ("witness key torn", f"witness north {witness[:-1]}\nquorum none\n"),
        ("witness name and key swapped", f"witness {witness} north\nquorum none\n"),
    ):
        group.invalid(name, "verifier_key", trust=text)
    group.invalid("log with a key of type 4", "key_type", trust=f"log {witness}\nquorum none\n")
    group.invalid("witness with a key of type 1", "key_type", trust=f"witness north {good}\nquorum none\n")
    again = VerifierKey("again.example", LOG_TYPE, world.OPERATOR.public_key)
    group.invalid("log twice", "duplicate", trust=f"{LOG}{LOG}quorum none\n")
    group.invalid("public key twice among the logs", "duplicate", trust=f"{LOG}log {again}\nquorum none\n")
    north = VerifierKey("again.example", WITNESS_TYPE, world.WITNESSES["north"].public_key)
    group.invalid("public key twice among the witnesses", "duplicate", trust=f"{NORTH}witness n {north}\nquorum none\n")


def add_bad_names(group: Group) -> None:
    """Names, members, thresholds and quorums that are refused."""
    for name, reason, text in (
        ("witness named none", "name", f"witness none {world.witness_key('north')}\nquorum none\n"),
        ("group named none", "name", f"{NORTH}group none any north\nquorum none\n"),
        ("two witnesses of one name", "name", f"{NORTH}{SOUTH.replace('south ', 'north ', 1)}quorum none\n"),
        ("group named as a witness", "name", f"{NORTH}{SOUTH}group south any north\nquorum none\n"),
        ("two groups of one name", "name", f"{NORTH}{SOUTH}group g any north\ngroup g any south\nquorum none\n"),
        ("member that is nowhere", "name", f"{NORTH}group g any north south\nquorum none\n"),
        ("member that comes later", "name", f"{NORTH}group g any south\n{SOUTH}quorum none\n"),
        ("group in itself", "name", f"{NORTH}group g any north g\nquorum none\n"),
        ("member none", "name", f"{NORTH}group g any north none\nquorum none\n"),
        ("name in another case", "name", f"{NORTH}group g any North\nquorum none\n"),
        ("quorum that is nowhere", "name", f"{NORTH}quorum south\n"),
        ("quorum that comes later", "name", f"quorum north\n{NORTH}"),
        ("member twice in a group", "member", f"{NORTH}{SOUTH}group g any north north\nquorum none\n"),
        ("member in two groups", "member", f"{NORTH}{SOUTH}group g any north\ngroup h any north south\nquorum h\n"),
        ("group in two groups", "member", f"{NORTH}group g any north\ngroup h any g\ngroup i any g\nquorum i\n"),
        ("0 of 1", "threshold", f"{NORTH}group g 0 north\nquorum g\n"),
        ("2 of 1", "threshold", f"{NORTH}group g 2 north\nquorum g\n"),
        ("-1 of 1", "threshold", f"{NORTH}group g -1 north\nquorum g\n"),
        ("01 of 1", "threshold", f"{NORTH}group g 01 north\nquorum g\n"),
        ("some of 1", "threshold", f"{NORTH}group g some north\nquorum g\n"),
        ("ALL of 1", "threshold", f"{NORTH}group g ALL north\nquorum g\n"),
        ("2^64 + 1 of 1", "threshold", f"{NORTH}group g {2**64 + 1} north\nquorum g\n"),
        ("empty file", "quorum", ""),
        ("no quorum", "quorum", f"{LOG}{NORTH}"),
        ("two quorums", "quorum", f"{NORTH}quorum north\nquorum none\n"),
        ("the same quorum twice", "quorum", "quorum none\nquorum none\n"),
    ):
        group.invalid(name, reason, trust=text)


def quorums() -> Group:
    """The group of quorums, satisfied or not."""
    group = Group(
        "quorum",
        "Whether the witnesses `cosigners` (names of the trust file) satisfy its quorum: satisfied.",
        check_quorum,
    )
    nested = f"{ALL}group a any north south\ngroup b all east west\ngroup c all a b\nquorum c\n"
    either = f"{ALL}group a any north south\ngroup b all east west\ngroup c 1 a b\nquorum c\n"
    two = f"{ALL}group g 2 north south east\nquorum g\n"
    for name, text, cosigners in (
        ("none asked, none there", "quorum none\n", ""),
        ("none asked, one there", f"{NORTH}quorum none\n", "north"),
        ("one asked, none there", f"{NORTH}quorum north\n", ""),
        ("one asked, there", f"{NORTH}quorum north\n", "north"),
        ("one asked, another there", f"{NORTH}{SOUTH}quorum north\n", "south"),
        ("two of three, one there", two, "north"),
        ("two of three, one there and one that is no member", two, "north west"),
        ("two of three, two there", two, "north east"),
        ("two of three, all there", two, "north south east west"),
        ("all, one missing", f"{ALL}group g all north south\nquorum g\n", "north east west"),
        ("all, there", f"{ALL}group g all north south\nquorum g\n", "north south"),
        ("any, none there", f"{ALL}group g any north south\nquorum g\n", "east"),
        ("any, one there", f"{ALL}group g any north south\nquorum g\n", "south"),
        ("nested, both satisfied", nested, "south east west"),
        ("nested, one not satisfied", nested, "north south east"),
        ("nested, the other not satisfied", nested, "east west"),
        ("nested either, the second satisfied", either, "east west"),
        ("nested either, none satisfied", either, "east"),
        ("quorum is a part of the groups", nested.replace("quorum c", "quorum b"), "east west"),
    ):
        group.valid(name, trust=text, cosigners=cosigners.split())
    return group
