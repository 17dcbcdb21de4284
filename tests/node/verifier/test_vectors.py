# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every vector of the formats that the verifier reads has the same verdict in it as in the program."""

from __future__ import annotations

import json
import random
from base64 import b64decode
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from protocol.charter import establish
from protocol.policy import parse_policy
from protocol.proof import judge
from tests.node.verifier.browser import browsing
from tests.node.verifier.damage import damage, verdict
from tests.node.verifier.running import ask_node, program, vector_files

if TYPE_CHECKING:
    from pathlib import Path

PAGES = (
    "01-encoding",
    "02-signatures",
    "03-statement",
    "04-charter",
    "05-tree",
    "06-checkpoint",
    "08-proof",
    "18-clauses",
    "20-member-statement",
)
NOT_FOR_READERS = {
    ("01-encoding", "encode_refused"): "the verifier writes only what it has read",
    ("03-statement", "erase_body"): "it does not follow what an erasure does",
    ("03-statement", "override_body"): "it does not follow what an override says",
    ("04-charter", "recovery_key"): "it has no secrets",
    ("04-charter", "amendment"): "it is for those who sign one",
    ("04-charter", "role_session"): "nodes check who begins a session",
    ("04-charter", "role"): "it does not ask who might have said what no entry says",
    ("05-tree", "root"): "it makes no trees of its own",
    ("05-tree", "root_of_counted"): "it makes no trees of its own",
    ("05-tree", "consistency"): "a file has one checkpoint",
    ("20-member-statement", "short"): "it unpacks what others packed",
    ("20-member-statement", "state_root"): "it makes no trees of its own",
}


def test_every_vector_agrees_in_node(tmp_path: Path) -> None:
    check_all(ask_node(tmp_path, "runVectors", vector_files(), "vectors.js"))


@pytest.mark.long
async def test_every_vector_agrees_in_chromium_from_a_file(tmp_path: Path) -> None:
    page = save_page(tmp_path)
    async with browsing(tmp_path / "profile") as tab:
        await tab.open(page.as_uri())
        check_all(await tab.run(f"runVectors({json.dumps(vector_files())})"))
        assert tab.complaints == []


def save_page(folder: Path) -> Path:
    page = folder / "vectors.html"
    page.write_text(f"<!doctype html><meta charset='utf-8'><script>{program('vectors.js')}</script>", "utf-8")
    return page


def check_all(done: Any) -> None:
    assert done["disagreements"] == []
    wanted = {
        page: {
            group["name"]: len(group["cases"])
            for group in content["groups"]
            if (page, group["name"]) not in NOT_FOR_READERS and (page != "18-clauses" or group["name"] == "clauses")
        }
        for page, content in vector_files().items()
        if page in PAGES
    }
    assert done["cases"] == wanted


def test_what_disagrees_is_said(tmp_path: Path) -> None:
    """The runner of the vectors can fail."""
    files = {"03-statement": vector_files()["03-statement"]}
    for group in files["03-statement"]["groups"]:
        for case in group["cases"]:
            case["valid"] = not case["valid"]
            case.setdefault("reason", "none")
    done = ask_node(tmp_path, "runVectors", files, "vectors.js")
    assert len(done["disagreements"]) == sum(done["cases"]["03-statement"].values())


def test_public_vectors(tmp_path: Path, public_vectors: Path) -> None:
    groups = json.loads((public_vectors / "wycheproof_ed25519_test.json").read_text())["testGroups"]
    signed = [
        {
            "name": f"{test['tcId']} {test['comment']}",
            "valid": test["result"] == "valid",
            "public_key_hex": group["publicKey"]["pk"],
            "message_hex": test["msg"],
            "signature_hex": test["sig"],
        }
        for group in groups
        for test in group["tests"]
    ]
    files = sorted((public_vectors / "rfc6962-inclusion").rglob("*.json"))
    included = [inclusion_case(file) for file in files]
    asked = {
        "02-signatures": {"groups": [{"name": "verify", "cases": signed}]},
        "05-tree": {"groups": [{"name": "inclusion", "cases": included}]},
    }
    done = ask_node(tmp_path, "runVectors", asked, "vectors.js")
    assert done["disagreements"] == []
    assert (len(signed), len(included)) == (151, len(files))


def inclusion_case(file: Path) -> dict[str, Any]:
    case = json.loads(file.read_text())
    return {
        "name": str(file),
        "valid": not case["wantErr"],
        "index": str(case["leafIdx"]),
        "size": str(case["treeSize"]),
        "leaf_hash_hex": b64decode(case["leafHash"]).hex(),
        "proof_hex": [b64decode(value).hex() for value in case["proof"] or []],
        "root_hex": b64decode(case["root"]).hex(),
    }


def test_damaged_proofs_have_the_verdict_of_the_program(tmp_path: Path) -> None:
    """Whatever is changed in a proof file or a trust file, both say the same."""
    chance = random.Random(8)
    cases = next(group for group in vector_files()["08-proof"]["groups"] if group["name"] == "verdict")["cases"]
    asked, wanted = [], []
    for case in cases * 8:
        proof, trust = case["proof"].encode(), case["trust"].encode()
        if chance.random() < 0.8:
            proof = damage(proof, chance)
        else:
            trust = damage(trust, chance)
        asked.append([proof.hex(), trust.hex()])
        wanted.append(verdict(partial(judged, proof, trust)))
    assert ask_node(tmp_path, "judgeAll", asked, "vectors.js") == wanted
    assert len(set(wanted)) > 8


def test_damaged_charters_have_the_verdict_of_the_program(tmp_path: Path) -> None:
    chance = random.Random(4)
    cases = next(group for group in vector_files()["04-charter"]["groups"] if group["name"] == "chain")["cases"]
    asked, wanted = [], []
    for case in cases * 6:
        payloads = [bytes.fromhex(text) for text in case["charters_hex"]]
        at = chance.randrange(len(payloads))
        payloads[at] = damage(payloads[at], chance)
        asked.append([payload.hex() for payload in payloads])
        wanted.append(verdict(partial(established, payloads)))
    assert ask_node(tmp_path, "establishAll", asked, "vectors.js") == wanted


def judged(proof: bytes, trust: bytes) -> str:
    return judge(proof, parse_policy(trust)).verdict.word


def established(payloads: list[bytes]) -> str:
    return establish(payloads).log_id.hex()
