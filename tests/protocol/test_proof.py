# SPDX-License-Identifier: AGPL-3.0-or-later
"""Spec 08 §1, §3: the proof file and the verdict on it."""

from __future__ import annotations

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.encoding import encode
from protocol.errors import Malformed
from protocol.policy import Policy, parse_policy
from protocol.proof import HASHES_MAX, PROOF_BYTES_MAX, Proof, Verdict, judge, parse_proof, read_extra, write_proof
from protocol.statement import make_payload, make_statement, sign_statement
from tests.builders import START, Log, found_organisation, make_statement_payload, signing_key, witness_key
from tests.drawing import draws
from tests.protocol.strategies import damaged, flips, hashes, hostile, refused_or_same
from tests.protocol.vectors import Case, agreed, hex_of, vectors

ORGANISATION = found_organisation()
LOG = Log(ORGANISATION).grow(6)
WITNESSES = ("north", "south")


def trust(quorum: str, *lines: str) -> Policy:
    witnesses = [f"witness {name} {witness_key(name)}" for name in WITNESSES]
    known = lines or (f"log {ORGANISATION.verifier_key}",)
    return parse_policy("\n".join([*known, *witnesses, "group both all north south", f"quorum {quorum}\n"]).encode())


def write(proof: Proof) -> bytes:
    lines = ["c2sp.org/tlog-proof@v1", *([f"extra {b64encode(proof.extra).decode()}"] if proof.extra else [])]
    lines += [f"index {proof.position}", *(b64encode(value).decode() for value in proof.hashes)]
    return "\n".join(lines).encode() + b"\n\n" + proof.note


def parse_canonical(data: bytes) -> Proof:
    proof = parse_proof(data)
    if not proof.extra and b"extra " in data:
        raise Malformed("extra", "an extra line with nothing in it, which reads as none")
    return proof


@vectors("08-proof", "proof_form")
def test_proof_form_vectors(case: Case) -> None:
    data = case["proof"].encode()
    with agreed(case):
        proof = parse_proof(data)
        assert (proof.extra.hex() or None) == case["extra_hex"]
        assert (proof.position, hex_of(proof.hashes)) == (case["index"], case["hashes_hex"])
        assert proof.note.decode() == case["note"]
        assert write(proof) == data


@vectors("08-proof", "extra")
def test_extra_vectors(case: Case) -> None:
    with agreed(case):
        assert hex_of(read_extra(bytes.fromhex(case["extra_hex"]))) == [case["entry_hex"], case["payload_hex"]]


@vectors("08-proof", "verdict")
def test_verdict_vectors(case: Case) -> None:
    finding = judge(case["proof"].encode(), parse_policy(case["trust"].encode()))
    assert (finding.verdict.word, finding.verdict.exit_code) == (case["verdict"], case["exit"]), finding.why


notes = st.just(bytes(LOG.note()))
proofs = st.builds(
    write_proof, st.binary(max_size=50), st.binary(max_size=50), st.integers(0, 2**63 - 1),
    st.lists(hashes, max_size=HASHES_MAX), notes,
)  # fmt: skip


@given(st.binary(max_size=90), st.binary(max_size=90), st.integers(0, 2**63 - 1), st.lists(hashes, max_size=63))
def test_proof_files_come_back(entry: bytes, payload: bytes, index: int, path: list[bytes]) -> None:
    proof = parse_proof(write_proof(entry, payload, index, path, bytes(LOG.note())))
    assert read_extra(proof.extra) == (entry, payload)
    assert (proof.position, proof.hashes, proof.note) == (index, tuple(path), bytes(LOG.note()))


@draws(120)
@given(hostile | damaged(proofs))
def test_any_bytes_are_refused_or_the_one_spelling_of_a_proof(data: bytes) -> None:
    refused_or_same(parse_canonical, write, data)


def test_a_proof_holds_63_hashes_and_so_many_bytes() -> None:
    with pytest.raises(Malformed, match="hash"):
        parse_proof(write_proof(b"", b"", 0, [bytes(32)] * 64, bytes(LOG.note())))
    with pytest.raises(Malformed, match="too long"):
        parse_proof(write_proof(b"", b"", 0, [], b"a" * PROOF_BYTES_MAX))


@pytest.mark.parametrize("index", range(6))
def test_every_entry_of_a_log_is_proved(index: int) -> None:
    finding = judge(LOG.proof_file(index, WITNESSES), trust("both"))
    assert finding.verdict is Verdict.TRUE
    assert finding.witnesses == (("north", START + 360), ("south", START + 360))
    assert finding.position == index
    assert finding.opened is not None
    assert finding.entry is not None
    assert finding.entry.at == START + 60 * index


@given(hostile | damaged(st.just(LOG.proof_file(2, WITNESSES))))
@draws(120)
def test_any_bytes_are_a_verdict_and_no_other_bytes_are_true(data: bytes) -> None:
    finding = judge(data, trust("both"))
    if finding.verdict is Verdict.TRUE:
        # A further line by an unknown key changes nothing that was signed.
        assert parse_proof(data).extra == parse_proof(LOG.proof_file(2, WITNESSES)).extra
    assert finding.verdict.exit_code in {0, 3, 7}


def test_no_bit_of_a_proof_can_be_flipped() -> None:
    # One in seven, which is coprime to eight, so that every bit of a byte has its turn.
    for other in flips(LOG.proof_file(3, WITNESSES))[::7]:
        assert judge(other, trust("both")).verdict is not Verdict.TRUE


def test_what_was_not_asked_for_does_not_matter() -> None:
    for quorum in ("none", "north"):
        assert judge(LOG.proof_file(1, ("north",)), trust(quorum)).verdict is Verdict.TRUE
    for quorum in ("south", "both"):
        assert judge(LOG.proof_file(1, ("north",)), trust(quorum)).verdict is Verdict.NOT_WITNESSED


def test_a_log_that_is_not_listed_is_unknown() -> None:
    other = found_organisation("other")
    for line in (f"log {other.verifier_key}", f"log {ORGANISATION.verifier_key._replace(name='elsewhere')}"):
        assert judge(LOG.proof_file(1), trust("none", line)).verdict is Verdict.UNKNOWN_LOG


def replaced(at: int, **changes: bytes | int | list[bytes]) -> bytes:
    entry, payload = LOG.entries[at]
    fields = {"entry": entry, "payload": payload, "index": at, "hashes": LOG.prove_inclusion(at)}
    return write_proof(**(fields | changes), note=bytes(LOG.note()))  # type: ignore[arg-type] # the fields of a proof


@pytest.mark.parametrize(
    ("data", "verdict"),
    [
        (replaced(2, index=3), Verdict.INCLUSION),
        (replaced(2, index=6), Verdict.INCLUSION),
        (replaced(2, hashes=LOG.prove_inclusion(2)[:-1]), Verdict.INCLUSION),
        (replaced(2, hashes=[*LOG.prove_inclusion(2), bytes(32)]), Verdict.INCLUSION),
        (replaced(2, entry=LOG.entries[1][0]), Verdict.INCLUSION),
        (replaced(2, payload=LOG.entries[1][1]), Verdict.COMMITMENT),
        (replaced(2, payload=b""), Verdict.NO_PAYLOAD),
        (replaced(2, entry=b"\x00"), Verdict.MALFORMED),
        (replaced(2, entry=b"\x91\x02"), Verdict.MALFORMED),
    ],
)
def test_what_is_false_is_told_apart(data: bytes, verdict: Verdict) -> None:
    assert judge(data, trust("none")).verdict is verdict


def proof_of(payload: bytes) -> bytes:
    log = Log(ORGANISATION)
    return log.proof_file(log.append(payload))


def spoil(payload: bytes) -> bytes:
    return payload[:-1] + bytes([payload[-1] ^ 1])


def test_signatures_of_the_log_key_are_checked_too() -> None:
    steward = signing_key("steward")
    by_key = make_statement_payload(ORGANISATION.log_id, "a", {}, [ORGANISATION.key])
    by_both = make_statement_payload(ORGANISATION.log_id, "a", {}, [ORGANISATION.key, steward])
    elsewhere = make_statement_payload(bytes(32), "a", {}, [ORGANISATION.key])
    assert judge(proof_of(by_key), trust("none")).verdict is Verdict.TRUE
    for payload in (spoil(by_key), spoil(by_both), elsewhere):
        assert judge(proof_of(payload), trust("none")).verdict is Verdict.STATEMENT
    assert judge(proof_of(b"\xc0"), trust("none")).verdict is Verdict.MALFORMED


def test_what_cannot_be_read_is_not_called_true() -> None:
    said = encode([2, bytes(32), "a", bytes(16), START, ORGANISATION.key.public, {}])
    payload = make_payload(bytes(32), said, [sign_statement(said, ORGANISATION.key)])
    assert judge(proof_of(payload), trust("none")).verdict is Verdict.MALFORMED


def test_a_statement_whose_body_has_a_second_spelling_is_malformed() -> None:
    key = ORGANISATION.key
    statement = make_statement(ORGANISATION.log_id, "a", bytes(16), START, key.public, {"a": 1})
    assert statement.endswith(b"\x81\xa1a\x01")
    for body, verdict in ((b"\x01", Verdict.TRUE), (b"\xcc\x01", Verdict.MALFORMED), (b"\xc0", Verdict.MALFORMED)):
        said = statement[:-1] + body
        payload = make_payload(bytes(32), said, [sign_statement(said, key)])
        assert judge(proof_of(payload), trust("none")).verdict is verdict
