# SPDX-License-Identifier: AGPL-3.0-or-later
"""The charter: who an organisation is and which keys speak for it (spec 04)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Annotated, NamedTuple

import msgspec

from protocol.amounts import Rate
from protocol.encoding import Value, decode, encode
from protocol.errors import Malformed
from protocol.identity import Origin, log_id_of, show_log_id
from protocol.note import TYPE_COSIGNATURE, TYPE_ED25519, VerifierKey
from protocol.signature import SigningKey
from protocol.statement import Opened, Statement, commit, open_payload, parse_payload

KINDS = ("assembly", "coop", "union", "city", "association", "firm", "federation")
CHARTERS_MAX = 64
ENDPOINTS_MAX, ENDPOINT_CHARACTERS_MAX, WITNESSES_MAX = 8, 2_000, 16
TEXT_CHARACTERS_MAX, LICENCE_CHARACTERS_MAX = 200, 100
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*")
_REMEMBERED_MAX, _REMEMBERED_BYTES_MAX = 1024, 8_192
_ENDPOINT = re.compile(r"https?://[^\s/?#]+\S*")

_Key = Annotated[bytes, msgspec.Meta(min_length=32, max_length=32)]
_Names = Annotated[
    dict[str, Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_CHARACTERS_MAX)]],
    msgspec.Meta(min_length=1, max_length=16),
]
_Endpoint = Annotated[str, msgspec.Meta(max_length=ENDPOINT_CHARACTERS_MAX)]
_Tag = Annotated[str, msgspec.Meta(min_length=2, max_length=35)]


class RecoverySet(msgspec.Struct, frozen=True):
    """The keys that can change keys, and how many of them it takes."""

    keys: Annotated[list[_Key], msgspec.Meta(min_length=1, max_length=16)]
    threshold: Annotated[int, msgspec.Meta(ge=1)]

    def digest(self) -> bytes:
        """What a charter names of the set that will follow (spec 04 §3)."""
        return sha256(b"folkmoot/recovery-set/1\0" + encode([self.threshold, list(self.keys)])).digest()


class Opens(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a charter says of the epoch that it opens: its number, and how much it accepts of the one before (§6)."""

    epoch: Annotated[int, msgspec.Meta(ge=2)]
    size: Annotated[int, msgspec.Meta(ge=1)]
    root: _Key
    fork: _Key | None = None


class Assembly(msgspec.Struct, frozen=True):
    """The rules of the assembly (spec 17 §8): the least fraction of the members that votes, and of the votes."""

    quorum: Rate
    majority: Rate

    def __post_init__(self) -> None:
        if any(part > whole for part, whole in (self.quorum, self.majority)):
            raise ValueError("assembly: a quorum or majority of more than the whole")

    def __str__(self) -> str:
        """For people."""
        return f"turnout {self.quorum[0]}/{self.quorum[1]}, majority over {self.majority[0]}/{self.majority[1]}"


class Charter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The body of a charter (spec 04 §2)."""

    name: _Names
    kind: str
    languages: Annotated[list[_Tag], msgspec.Meta(min_length=1, max_length=16)]
    territory: Annotated[str, msgspec.Meta(max_length=TEXT_CHARACTERS_MAX)] = ""
    keys: Annotated[list[_Key], msgspec.Meta(min_length=1, max_length=4)]
    recovery: RecoverySet
    next: _Key
    witnesses: Annotated[list[str], msgspec.Meta(max_length=WITNESSES_MAX)]
    quorum: Annotated[int, msgspec.Meta(ge=0)]
    endpoints: Annotated[
        list[Annotated[str, msgspec.Meta(max_length=ENDPOINT_CHARACTERS_MAX)]], msgspec.Meta(max_length=ENDPOINTS_MAX)
    ]
    licence: Annotated[str, msgspec.Meta(min_length=1, max_length=LICENCE_CHARACTERS_MAX)]
    kseq: Annotated[int, msgspec.Meta(ge=0)]
    opens: Opens | None = None
    assembly: Assembly | None = None

    def body(self) -> dict[str, Value]:
        """The map that is signed."""
        return msgspec.to_builtins(self, builtin_types=(bytes,))  # type: ignore[no-any-return] # a map of values

    def title(self, languages: Sequence[str] = ()) -> str:
        """The name in the first of the wanted languages that it has, else in its own first one."""
        for language in (*languages, *self.languages):
            if language in self.name:
                return self.name[language]
        return next(iter(self.name.values()))


_decoder = msgspec.msgpack.Decoder(Charter)


def recovery_key(secret: bytes, generation: int) -> SigningKey:
    """A holder's recovery key of one generation, from the 32-byte secret on their sheet (spec 04 §3)."""
    seed = sha256(b"folkmoot/recovery-key/1\0" + secret + generation.to_bytes(4, "big")).digest()
    return SigningKey.from_seed(seed)


def recovery_set(secrets: Sequence[bytes], threshold: int, generation: int) -> RecoverySet:
    """The recovery set of one generation over all holders' secrets."""
    return RecoverySet(sorted(recovery_key(secret, generation).public for secret in secrets), threshold)


def coming_sets(secrets: Sequence[bytes]) -> list[Value]:
    """The public recovery keys of every generation that a log can come to, for all holders, each set ascending."""
    return [
        list[Value](sorted(recovery_key(secret, generation).public for secret in secrets))
        for generation in range(CHARTERS_MAX + 1)
    ]


def parse_charter(body: bytes) -> Charter:
    """A charter's body from its encoding. Raises Malformed (`body`)."""
    try:
        charter = _decoder.decode(body)
        decode(body)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise Malformed("body", f"not the body of a charter: {error}") from None
    check_charter(charter)
    return charter


def unknown_fields(body: bytes) -> list[str]:
    """What the encoding of a charter holds that spec 04 §2 does not name, such as `colour` or `recovery.colour`.

    Whoever signs refuses it: nobody can say what it would come to mean.
    """
    charter = decode(body)
    parts = {"recovery": RecoverySet, "opens": Opens, "assembly": Assembly}
    found = []
    for name, value in charter.items() if isinstance(charter, dict) else ():
        known = parts[name].__struct_fields__ if name in parts else ()
        found += [] if name in Charter.__struct_fields__ else [name]
        found += (
            [f"{name}.{inner}" for inner in value if inner not in known] if isinstance(value, dict) and known else []
        )
    return found


def is_endpoint(url: str) -> bool:
    """Whether a text can be an address of a node."""
    return len(url) <= ENDPOINT_CHARACTERS_MAX and bool(_ENDPOINT.fullmatch(url))


def check_witness(text: str) -> None:
    """Whether a text names a witness. Raises Malformed (`body`)."""
    try:
        key = VerifierKey.parse(text)
    except Malformed as error:
        raise Malformed("body", error.text) from None
    if key.type != TYPE_COSIGNATURE:
        raise Malformed("body", f"{key.name}: a witness key has type {TYPE_COSIGNATURE}, not {key.type}")


def check_charter(charter: Charter) -> None:
    """The rules of spec 04 §2 that types do not state. Raises Malformed (`body`)."""
    recovery = charter.recovery
    if charter.kind not in KINDS:
        raise Malformed("body", f"the kind of an organisation is one of {', '.join(KINDS)}, not {charter.kind[:40]!r}")
    if recovery.keys != sorted(set(recovery.keys)) or recovery.threshold > len(recovery.keys):
        raise Malformed("body", "recovery keys are not ascending and distinct, or fewer than the threshold")
    if len(set(charter.keys)) != len(charter.keys) or set(charter.keys) & set(recovery.keys):
        raise Malformed("body", "an operating key stands twice, or among the recovery keys")
    for witness in charter.witnesses:
        check_witness(witness)
    if charter.quorum > len(charter.witnesses):
        raise Malformed("body", f"a quorum of {charter.quorum} among {len(charter.witnesses)} witnesses")
    if not all(map(_LANGUAGE.fullmatch, (*charter.name, *charter.languages))):
        raise Malformed("body", "a name or a language without a language tag")
    if not all(map(_ENDPOINT.fullmatch, charter.endpoints)):
        raise Malformed("body", "an endpoint that is not an http or https URL")


class LogKeys(NamedTuple):
    """What a log's charters establish: its identity, the charter in force, and the payloads that prove it.

    `charters` are all of them in order; `payloads` carry them.
    """

    log_id: bytes
    charters: tuple[Charter, ...]
    payloads: tuple[bytes, ...]

    @property
    def charter(self) -> Charter:
        """The charter in force."""
        return self.charters[-1]

    @property
    def epoch(self) -> int:
        """The newest epoch."""
        return next((charter.opens.epoch for charter in reversed(self.charters) if charter.opens), 1)

    def opening(self, epoch: int) -> Opens | None:
        """What the charter that opened an epoch says of it; None for the first epoch and for one never opened."""
        return next(
            (charter.opens for charter in self.charters if charter.opens and charter.opens.epoch == epoch), None
        )

    def verifier_keys(self, epoch: int) -> list[VerifierKey]:
        """The keys that may sign a checkpoint of that epoch; of a closed one, those in force when it was closed.

        Empty if the epoch was never opened.
        """
        during = self._during(epoch)
        return self._verifiers(epoch, during[-1].keys) if during else []

    def earlier_keys(self, epoch: int) -> list[VerifierKey]:
        """The keys that signed checkpoints of that epoch once and have been removed since (spec 04 §7)."""
        during = self._during(epoch)
        keys = dict.fromkeys(key for charter in during for key in charter.keys if key not in during[-1].keys)
        return self._verifiers(epoch, list(keys))

    def amended(self, payload: bytes, opened: Opened) -> LogKeys:
        """These keys after one more charter. Raises Malformed with the reason of spec 04 §4."""
        charter = _check_amendment(self, opened)
        return LogKeys(self.log_id, (*self.charters, charter), (*self.payloads, payload))

    def check_following(self, new: Charter, author: bytes) -> None:
        """Whether a charter may follow, but for the signatures. Raises Malformed with the reason of spec 04 §4."""
        old = self.charter
        if new.kseq != old.kseq + 1:
            raise Malformed("kseq", f"the charter after kseq {old.kseq} has kseq {old.kseq + 1}, not {new.kseq}")
        if new.recovery.digest() != old.next:
            raise Malformed("next", "the recovery set is not the one that the charter in force committed to")
        if author not in (*new.keys, *new.recovery.keys):
            raise Malformed("author", "the author of an amendment is not one of its own keys")
        if new.opens and new.opens.epoch != self.epoch + 1:
            raise Malformed("epoch", f"after epoch {self.epoch} comes {self.epoch + 1}, not {new.opens.epoch}")
        known = {key for charter in self.charters for key in charter.keys}
        if set(new.keys) & (known if new.opens else known - set(old.keys)):
            raise Malformed("keys", "an operating key that was removed, or is of the epoch before")

    def at_opening(self, epoch: int) -> LogKeys:
        """These keys as they were when an epoch had just been opened."""
        at = next(n for n, charter in enumerate(self.charters, 1) if charter.opens and charter.opens.epoch == epoch)
        return LogKeys(self.log_id, self.charters[:at], self.payloads[:at])

    def _during(self, epoch: int) -> list[Charter]:
        """The charters under which checkpoints of an epoch were signed, in order."""
        found, now = [], 1
        for charter in self.charters:
            now = charter.opens.epoch if charter.opens else now
            if now == epoch:
                found.append(charter)
        return found

    def _verifiers(self, epoch: int, keys: list[bytes]) -> list[VerifierKey]:
        origin = str(Origin(self.log_id, epoch))
        return [VerifierKey(origin, TYPE_ED25519, key) for key in keys]


def found(payload: bytes) -> LogKeys:
    """The keys of a log from its first payload alone. Raises Malformed (spec 04 §4)."""
    log_id = log_id_of(parse_payload(payload).statement)
    opened = _open(payload, log_id, 0)
    statement = _charter_statement(opened)
    charter = parse_charter(bytes(statement.body))
    opened.verify()
    signers = {signature.key for signature in opened.payload.signatures}
    if charter.kseq != 0:
        raise Malformed("kseq", f"the first charter has kseq 0, not {charter.kseq}")
    if statement.author not in charter.keys:
        raise Malformed("author", "the author of the first charter is not one of its operating keys")
    if len(signers & set(charter.recovery.keys)) < charter.recovery.threshold:
        raise Malformed("new_threshold", "too few of its recovery keys signed the charter")
    if charter.opens:
        raise Malformed("epoch", "the first charter opens no epoch")
    return LogKeys(log_id, (charter,), (payload,))


def establish(payloads: Sequence[bytes]) -> LogKeys:
    """The keys of a log from all its charters in order, everything checked. Raises Malformed.

    They come with every checkpoint, so what short chains establish is remembered.
    """
    if not 1 <= len(payloads) <= CHARTERS_MAX:
        raise Malformed("body", f"a chain of {len(payloads)} charters")
    short = sum(map(len, payloads)) <= _REMEMBERED_BYTES_MAX
    return _establish_remembered(tuple(payloads)) if short else _establish(payloads)


def _establish(payloads: Sequence[bytes]) -> LogKeys:
    keys = found(payloads[0])
    for payload in payloads[1:]:
        keys = keys.amended(payload, _open(payload, keys.log_id, 1))
    return keys


_establish_remembered = lru_cache(_REMEMBERED_MAX)(_establish)


def _open(payload: bytes, log_id: bytes, position: int) -> Opened:
    try:
        return open_payload(payload, commit(payload), log_id, position)
    except Malformed as error:
        raise Malformed("log_id" if error.reason == "wrong_log" else error.reason, error.text) from None


def _charter_statement(opened: Opened) -> Statement:
    if not isinstance(opened.statement, Statement) or opened.statement.kind != "charter":
        raise Malformed("body", "a statement that is not a charter")
    return opened.statement


def _check_amendment(keys: LogKeys, opened: Opened) -> Charter:
    old, statement = keys.charter, _charter_statement(opened)
    new = parse_charter(bytes(statement.body))
    opened.verify()
    keys.check_following(new, statement.author)
    signers = {signature.key for signature in opened.payload.signatures}
    if len(signers & set(old.recovery.keys)) < old.recovery.threshold:
        raise Malformed("old_threshold", "too few recovery keys of the charter in force signed")
    if len(signers & set(new.recovery.keys)) < new.recovery.threshold:
        raise Malformed("new_threshold", "too few recovery keys of the new set signed")
    return new


def describe(keys: LogKeys) -> str:
    """One line for people: name and short id."""
    return f"{keys.charter.title()} ({show_log_id(keys.log_id)[:8]})"
