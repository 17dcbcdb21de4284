# SPDX-License-Identifier: AGPL-3.0-or-later
"""Charters: the identity of a log, its keys and how they change, spec 04."""

import base64
import hashlib
from dataclasses import dataclass

from tests.reference import messagepack
from tests.reference.messagepack import Value
from tests.reference.rejection import RejectionError, require
from tests.reference.seeded import Signer
from tests.reference.shape import is_array, is_bytes, is_integer, is_language_tag, is_map, is_text, is_web_url
from tests.reference.statement import Payload, Statement, check_signatures, decode_payload, decode_statement
from tests.reference.verifier_key import WITNESS_TYPE, parse_verifier_key

KINDS = ("assembly", "coop", "union", "city", "association", "firm", "federation")


@dataclass(frozen=True)
class Charter:
    """What of a charter decides who may change it."""

    kseq: int
    keys: list[bytes]
    recovery_keys: list[bytes]
    threshold: int
    next: bytes
    opens: int = 0


def log_id_of(statement: bytes) -> bytes:
    """The identity of the log that begins with this statement, spec 04 §1."""
    return hashlib.sha256(statement).digest()


def to_base32(log_id: bytes) -> str:
    """52 characters of lower-case base32 without padding."""
    return base64.b32encode(log_id).decode().lower().rstrip("=")


def recovery_digest(threshold: int, keys: list[bytes]) -> bytes:
    """The digest of a recovery set, spec 04 §3."""
    encoded = messagepack.encode([threshold, list[Value](sorted(keys))])
    return hashlib.sha256(b"folkmoot/recovery-set/1\0" + encoded).digest()


def recovery_signer(secret: bytes, generation: int) -> Signer:
    """A holder's key of a generation, spec 04 §3."""
    seed = b"folkmoot/recovery-key/1\0" + secret + generation.to_bytes(4, "big")
    return Signer(hashlib.sha256(seed).digest())


def check_body(body: dict[str, Value]) -> Charter:
    """The charter that the body states, or `body`, spec 04 §2."""
    optional = {"territory": ""}
    fields: dict[str, Value] = {**optional, **body}
    require({"keys", "recovery", "next", "kseq", "witnesses", "quorum"} <= fields.keys(), "body")
    require(all(right for right in describe_checks(fields)), "body")
    recovery = fields["recovery"]
    require(is_map(recovery), "body")
    recovery_keys, threshold = recovery.get("keys"), recovery.get("threshold")
    require(is_array(recovery_keys, 1, 16) and all(is_bytes(key, 32) for key in recovery_keys), "body")
    require(recovery_keys == sorted(set(recovery_keys)), "body")
    require(is_integer(threshold, 1, len(recovery_keys)), "body")
    for witness in fields["witnesses"]:
        try:
            require(isinstance(witness, str) and parse_verifier_key(witness).type == WITNESS_TYPE, "body")
        except RejectionError:
            raise RejectionError("body") from None
    require("assembly" not in fields or is_assembly(fields["assembly"]), "body")
    return Charter(
        fields["kseq"], fields["keys"], recovery_keys, threshold, fields["next"], check_opens(fields.get("opens"))
    )


def is_assembly(rules: Value) -> bool:
    """Rules of an assembly: two rates of at most the whole, spec 04 §2."""
    return is_map(rules) and all(is_part(rules.get(name)) for name in ("quorum", "majority"))


def is_part(rate: Value) -> bool:
    """A rate, spec 17 §1, of at most 1."""
    whole = is_array(rate, 2, 2) and is_integer(rate[0], 0, 10**9) and is_integer(rate[1], 1, 10**9)
    return bool(whole and rate[0] <= rate[1])


def check_opens(opens: Value) -> int:
    """The epoch that a charter opens, 0 for none, or `body`, spec 04 §6."""
    if opens is None:
        return 0
    require(is_map(opens) and is_integer(opens.get("epoch"), 2) and is_integer(opens.get("size"), 1), "body")
    require(is_bytes(opens.get("root"), 32) and ("fork" not in opens or is_bytes(opens["fork"], 32)), "body")
    return int(opens["epoch"])


def describe_checks(fields: dict[str, Value]) -> list[bool]:
    """Whether each of the simple fields is as the table says."""
    names = ("name", "languages", "keys", "witnesses", "endpoints")
    values: list[Value] = [fields.get(key) for key in names]
    name, languages, keys, witnesses, endpoints = values
    return [
        is_map(name)
        and 1 <= len(name) <= 16
        and all(is_language_tag(tag) and is_text(text, 1, 200) for tag, text in name.items()),
        fields.get("kind") in KINDS,
        is_array(languages, 1, 16) and all(is_language_tag(tag) for tag in languages),
        is_text(fields["territory"], 0, 200),
        is_array(keys, 1, 4) and all(is_bytes(key, 32) for key in keys),
        is_bytes(fields["next"], 32),
        is_array(witnesses, 0, 16) and is_integer(fields["quorum"], 0, len(witnesses)),
        is_array(endpoints, 0, 8) and all(is_web_url(url) for url in endpoints),
        is_text(fields.get("licence")),
        is_integer(fields["kseq"]),
    ]


def read_charter(payload_bytes: bytes) -> tuple[Payload, Statement, Charter]:
    """A charter and what carries it; its signatures are all good and in order."""
    payload = decode_payload(payload_bytes)
    statement = decode_statement(payload.statement)
    check_signatures(payload, statement.author)
    require(statement.kind == "charter", "body")
    return payload, statement, check_body(statement.body)


def signed_by(payload: Payload, keys: list[bytes]) -> int:
    """How many of the keys signed."""
    return sum(key in keys for key, _ in payload.signatures)


@dataclass
class Chain:
    """The charters of a log so far: the last of them, the newest epoch, and all operating keys there ever were."""

    log_id: bytes
    charter: Charter
    epoch: int
    seen: set[bytes]

    def check_next(self, statement: Statement) -> Charter:
        """The charter of an amendment that may follow, but for signatures, spec 04 §4."""
        require(statement.kind == "charter", "body")
        require(statement.log_id == self.log_id, "log_id")
        charter = check_body(statement.body)
        require(charter.kseq == self.charter.kseq + 1, "kseq")
        require(recovery_digest(charter.threshold, charter.recovery_keys) == self.charter.next, "next")
        require(statement.author in charter.recovery_keys + charter.keys, "author")
        require(charter.opens in {0, self.epoch + 1}, "epoch")
        known = self.seen if charter.opens else self.seen - set(self.charter.keys)
        require(not known & set(charter.keys), "keys")
        return charter


def begin(payload_bytes: bytes) -> Chain:
    """The chain of a first charter."""
    payload, statement, charter = read_charter(payload_bytes)
    require(statement.log_id == b"", "log_id")
    require(charter.kseq == 0, "kseq")
    require(statement.author in charter.keys, "author")
    require(signed_by(payload, charter.recovery_keys) >= charter.threshold, "new_threshold")
    require(charter.opens == 0, "epoch")
    return Chain(log_id_of(payload.statement), charter, 1, set(charter.keys))


def follow(payloads: list[bytes]) -> tuple[bytes, Charter]:
    """The LogId and the charter in force after a chain of charters."""
    chain = chain_of(payloads)
    return chain.log_id, chain.charter


def chain_of(payloads: list[bytes]) -> Chain:
    """What is in force after a chain of charters that all are valid, spec 04 §4.

    Refuses with the reason of the first that is not.
    """
    chain = begin(payloads[0])
    for payload_bytes in payloads[1:]:
        payload, statement, _ = read_charter(payload_bytes)
        charter = chain.check_next(statement)
        before = chain.charter
        require(signed_by(payload, before.recovery_keys) >= before.threshold, "old_threshold")
        require(signed_by(payload, charter.recovery_keys) >= charter.threshold, "new_threshold")
        chain = Chain(chain.log_id, charter, charter.opens or chain.epoch, chain.seen | set(charter.keys))
    return chain
