# SPDX-License-Identifier: AGPL-3.0-or-later
"""What two nodes ask of each other before they believe: opening, ranges, discovery; spec 09 §3, §5 and §7."""

from tests.reference import ed25519, messagepack, tree
from tests.reference.charter import Charter, follow, to_base32
from tests.reference.messagepack import Value
from tests.reference.rejection import RejectionError, require

Hello = dict[str, Value]


def auth_message(network: str, role: int, log_ids: tuple[bytes, bytes], nonces: tuple[bytes, bytes]) -> bytes:
    """What AUTH signs, spec 09 §3; the sender's own log and nonce first."""
    fields = [network, role, log_ids[0], nonces[0], log_ids[1], nonces[1]]
    return b"folkmoot/auth/1\0" + messagepack.encode(fields)


def check_hello(own: Hello, other: Hello) -> Charter:
    """The charter in force of the other side, or a code of REJECT: version, network, self, role, charter."""
    require(set(own["versions"]) & set(other["versions"]), "version")
    require(own["network"] == other["network"], "network")
    require(own["log"] != other["log"], "self")
    require(own["role"] != other["role"], "role")
    require(other["charters"], "charter")
    try:
        log_id, charter = follow(other["charters"])
    except RejectionError:
        raise RejectionError("charter") from None
    require(log_id == other["log"], "charter")
    return charter


def check_auth(own: Hello, other: Hello, auth: dict[str, Value]) -> None:
    """Accept the other side's AUTH, or `auth`."""
    charter = check_hello(own, other)
    require(auth["key"] in charter.keys, "auth")
    log_ids, nonces = (other["log"], own["log"]), (other["nonce"], own["nonce"])
    message = auth_message(other["network"], other["role"], log_ids, nonces)
    require(ed25519.is_valid(auth["key"], message, auth["signature"]), "auth")


def check_range(held: list[bytes], size: int, root: bytes, answer: dict[str, Value]) -> bytes:
    """The root of the tree of the held entries and those of an ENTRIES; or `false_range`."""
    leaves = [tree.leaf_hash(entry) for entry in [*held, *(entry for entry, _ in answer["entries"])]]
    grown = tree.root(leaves)
    try:
        tree.check_consistency(len(leaves), size, grown, root, answer["proof"])
    except RejectionError:
        raise RejectionError("false_range") from None
    return grown


def describe_service(name: str, log_id: bytes, boot: bytes, *, tls: bool) -> dict[str, object]:
    """What a node announces by DNS-SD, spec 09 §7."""
    text, boot_id = to_base32(log_id), boot.hex()
    cut = name.encode()[:40].decode("utf-8", "ignore")
    return {
        "instance": f"{cut} {text[:8]}",
        "host": f"folkmoot-{text[:8]}-{boot_id}.local.",
        "txt": ["v=1", f"id={text}", "p=/gossip", f"t={int(tls)}", f"b={boot_id}"],
    }
