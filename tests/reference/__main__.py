# SPDX-License-Identifier: AGPL-3.0-or-later
"""Write the vectors, or with `--check` compare them with those on disk."""

import sys
from collections.abc import Callable
from pathlib import Path

from tests.reference.cases import (
    bundle,
    charter,
    checkpoint,
    clauses,
    directory,
    encoding,
    fork,
    gossip,
    knowledge,
    member_statement,
    peers,
    proof,
    proposals,
    reciprocity,
    reconciliation,
    sealing,
    signatures,
    statement,
    tile,
    transfers,
    tree,
    witness,
)

FOLDER = Path(__file__).parents[2] / "specs" / "vectors"
GENERATORS: dict[str, Callable[[], bytes]] = {
    "01-encoding.json": encoding.generate,
    "02-signatures.json": signatures.generate,
    "03-statement.json": statement.generate,
    "04-charter.json": charter.generate,
    "05-tree.json": tree.generate,
    "06-checkpoint.json": checkpoint.generate,
    "07-tiles.json": tile.generate,
    "08-proof.json": proof.generate,
    "09-gossip.json": gossip.generate,
    "10-directory.json": directory.generate,
    "11-witness.json": witness.generate,
    "12-fork-proof.json": fork.generate,
    "13-reconciliation.json": reconciliation.generate,
    "14-bundle.json": bundle.generate,
    "15-private.json": sealing.generate,
    "16-peers.json": peers.generate,
    "17-reciprocity.json": reciprocity.generate,
    "18-clauses.json": clauses.generate,
    "19-transfers.json": transfers.generate,
    "20-member-statement.json": member_statement.generate,
    "21-proposals.json": proposals.generate,
    "22-knowledge.json": knowledge.generate,
}


def differing_files() -> list[str]:
    """The names of the files on disk that are not what the generator makes."""
    return [name for name, generate in GENERATORS.items() if not is_same(FOLDER / name, generate())]


def is_same(path: Path, content: bytes) -> bool:
    """Whether the file is there with this content."""
    return path.is_file() and path.read_bytes() == content


def main(arguments: list[str]) -> int:
    """0 when all is written, or nothing differs; 1 when a file differs; 2 for unknown arguments."""
    if arguments == ["--check"]:
        different = differing_files()
        for name in different:
            print(f"differs: {name}")
        return 1 if different else 0
    if arguments:
        print(__doc__)
        return 2
    FOLDER.mkdir(exist_ok=True)
    for name, generate in GENERATORS.items():
        (FOLDER / name).write_bytes(generate())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
