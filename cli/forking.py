# SPDX-License-Identifier: AGPL-3.0-or-later
"""A fork proof in words for people, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli.output import plain, show

if TYPE_CHECKING:
    from protocol.fork import ForkFinding

_WORDS = {
    0: "TRUE: this log has forked: one organisation signed two histories that cannot both be true.",
    3: "FALSE: this file does not show that the log has forked: {why}",
    7: "CANNOT TELL: {why}",
}


def show_fork(finding: ForkFinding) -> None:
    """What was found, and what was checked."""
    code = finding.verdict.exit_code
    show(plain(_WORDS[code].format(why=finding.why)))
    proof = finding.proof
    if proof is None:
        return
    first, second = proof.first, proof.second
    show(f"  log         {plain(first.origin)}")
    if finding.keys is not None:
        show(f"  name        {plain(finding.keys.charter.title())}, as its own charter says")
    show(f"  once        {first.size:>12,} entries, root {first.root.hex()[:16]}")
    show(f"  and once    {second.size:>12,} entries, root {second.root.hex()[:16]}")
    if code:
        return
    if second.size > first.size:
        show(f"              whose first {first.size:,} have the root {proof.root.hex()[:16]}, which is another one")
    show("  checked     the log's signature on both, and that the second is not a continuation of the first.")
    if finding.keys is None:
        show("              Whose key is the log's, your trust file says. Nobody was asked; no clock was read.")
    else:
        show("              Whose key is the log's, the charters in the file say, and the log's id follows from the")
        show("              first of them. If a later charter removed that key, this proves nothing any more.")
        show("              Nobody was asked; no clock was read.")
    show("  meaning     it may have been a deceit, a restored backup or a copied machine: the file does not say which.")
    show("              Nodes that know of it take in no more of this log until its recovery keys open a new epoch.")


def fork_object(finding: ForkFinding, data: bytes) -> dict[str, Any]:
    """The finding as JSON."""
    from protocol.fork import fork_digest

    value: dict[str, Any] = {
        "schema": "folkmoot.fork/1",
        "verdict": finding.verdict.word,
        "exit": finding.verdict.exit_code,
        "why": finding.why,
        "digest": fork_digest(data).hex(),
    }
    if finding.proof is not None:
        pair = (finding.proof.first, finding.proof.second)
        value["origin"] = pair[0].origin
        value["checkpoints"] = [{"size": one.size, "root": one.root.hex()} for one in pair]
        value["other_root"] = finding.proof.root.hex()
    if finding.keys is not None:
        value["name"] = finding.keys.charter.name
    return value
