# SPDX-License-Identifier: AGPL-3.0-or-later
"""What must hold after every step, and what must be so after healing."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from ledger.held.replica import verify_head
from ledger.held.tree import root_at
from protocol.checkpoint import parse_checkpoint
from protocol.identity import Origin
from protocol.merkle import Peaks, leaf_hash

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ledger.sqlite.store import Snapshot
    from ledger.values import Tree
    from tests.simulation.node import VirtualNode

FORK_AT = 2
"""Where the histories of each liar part."""

PERIOD_S = 60.0
HEALING_PERIODS = 5


class BrokenPromiseError(BaseException):
    """A promise that did not hold. No handler of the program's may take it for a trouble of its own."""


class History:
    """The one truth of a log: what its owner has signed, or one of the histories that a liar has."""

    def __init__(self, entries: Iterable[bytes] = ()) -> None:
        self.entries: list[bytes] = []
        self._peaks = Peaks()
        self.roots = [self._peaks.root()]
        for entry in entries:
            self.append(entry)

    def append(self, entry: bytes) -> None:
        """One more entry."""
        self.entries.append(entry)
        self._peaks.append(leaf_hash(entry))
        self.roots.append(self._peaks.root())


class Checker:
    """Looks at each node after each of its commits."""

    def __init__(self) -> None:
        self.truth: dict[bytes, History] = {}
        self.copies: dict[bytes, list[History]] = {}
        """What else was signed of an honest log: by a copy of its machine, or before all of it was put back."""
        self.published: dict[bytes, History] = {}
        """What a quorum has cosigned: one history of each log, whatever its owner does."""
        self.changed_keys: set[bytes] = set()
        """The logs with a new key: what only the old one vouched for and is not here yet is let go."""
        self.lies: dict[bytes, list[History]] = {}
        self.checks = 0
        self._nodes: dict[str, VirtualNode] = {}
        self._own: dict[str, History] = {}
        self._copies: dict[str, bytes] = {}
        """The second machines that run, and of which log."""
        self._unaware: set[bytes] = set()
        """The logs whose own machine ran beside another, and has not started or come to agree with all since then."""
        self._held: dict[str, dict[Origin, Tree]] = {}
        self._signed: set[bytes] = set()

    def watch(self, node: VirtualNode) -> None:
        """Looks at this node from now on."""
        self._nodes[node.name] = node
        self.truth[node.log_id] = self._own[node.name] = History()
        self._begin(node)

    def watch_copy(self, node: VirtualNode) -> None:
        """Looks at a second machine of the same log: what the two sign is one history as long as it can be."""
        self._copies[node.name] = node.log_id
        self._unaware.add(node.log_id)
        self._own[node.name] = History(self.truth[node.log_id].entries)
        self.copies.setdefault(node.log_id, []).append(self._own[node.name])
        self._begin(node)

    def retire(self, node: VirtualNode) -> None:
        """The second machine is no more."""
        self._copies.pop(node.name, None)
        node.on_commit = lambda: None

    def put_back(self, node: VirtualNode) -> None:
        """A whole disk is what it was: what was signed after that may be signed otherwise, if nobody tells."""
        self.copies.setdefault(node.log_id, []).append(self.truth[node.log_id])
        with node.disk.store.read() as reads:
            tree = reads.tree(node.disk.organisation.origin)
            assert tree is not None
            signed = History(reads.leaves(tree.tree, 0, tree.checkpoint_size))
        self.truth[node.log_id] = self._own[node.name] = signed
        self.renew(node)

    def has_forked(self, log_id: bytes) -> bool:
        """Whether two histories of an honest log were signed, of which none is the beginning of the other."""
        histories = self._histories(log_id)
        return any(
            one.roots[least := min(len(one.entries), len(other.entries))] != other.roots[least]
            for one, other in combinations(histories, 2)
        )

    def _histories(self, log_id: bytes) -> list[History]:
        if log_id in self.truth:
            return [self.truth[log_id], *self.copies.get(log_id, [])]
        return self.lies.get(log_id, [])

    def _begin(self, node: VirtualNode) -> None:
        self._held[node.name] = {}
        self.renew(node)
        node.on_ban = lambda log_id: self._banned(node, log_id)
        node.on_problem = lambda what: self._accused(node, what)
        self.look(node)

    def renew(self, node: VirtualNode) -> None:
        """The node has another store than before."""
        if node.restored:
            self._held[node.name] = {}
        node.on_commit = lambda: self.look(node)

    def look(self, node: VirtualNode) -> None:
        """Checks what a node holds, as far as it has changed."""
        held = self._held[node.name]
        with node.disk.store.read() as reads:
            for tree in reads.trees():
                before = held.get(tree.origin)
                if before != tree:
                    self.checks += 1
                    self._look_at(node, reads, before, tree)
                    held[tree.origin] = tree
            for fork in reads.forks_since(0):
                origin = reads.tree_numbered(fork.tree).origin
                honest = origin.log_id in self.truth and not self.has_forked(origin.log_id)
                self._must(not honest, node, f"has a proof that {origin} has forked")
            if node.witnessed:
                self._look_at_published(node, reads)

    def look_again(self, node: VirtualNode) -> None:
        """Checks all that a node holds anew, and that what it acknowledged is there: after a start, and at the end."""
        self._held[node.name] = {}
        if node.log_id not in self._copies.values():
            self._unaware.discard(node.log_id)
        self.look(node)
        ids = list(node.acknowledged)
        with node.disk.store.read() as reads:
            own = reads.tree(node.disk.organisation.origin)
            assert own is not None
            for begin in range(0, len(ids), 200):
                part = ids[begin : begin + 200]
                there = reads.accepted(own.tree, part).keys() | reads.queued_ids(own.tree, part).keys()
                self._must(len(there) == len(ids[begin : begin + 200]), node, "lost an entry that it acknowledged")

    def disagreement(self) -> str:
        """In what the honest nodes differ; empty if they hold the same heads of all honest logs.

        And if they know of each fork that some two of them stand on either side of.
        """
        differing = self._unproved_forks()
        for owner in self._nodes.values():
            origin = owner.disk.organisation.origin
            if owner.log_id in self.copies:
                differing += self._disagreement_of_copied(owner)
                continue
            size = len(self.truth[owner.log_id].entries)
            if owner.restored:  # what had reached nobody else is lost with the disk
                size = self.most_held(origin)
            for node in self._nodes.values():
                tree = self._held[node.name].get(origin)
                found = tree.checkpoint_size if tree else 0
                if found != size:
                    differing.append(f"{node.name} has {found} of {size} of {owner.name}")
        return "; ".join(differing)

    def most_held(self, origin: Origin) -> int:
        """Up to where somebody holds a log under a checkpoint."""
        return max((tree.checkpoint_size for held in self._held.values() if (tree := held.get(origin))), default=0)

    def proved_forks(self) -> int:
        """How many logs of liars somebody proved to have forked."""
        proved = set()
        for node in self._nodes.values():
            with node.disk.store.read() as reads:
                proved |= {reads.tree_numbered(fork.tree).origin for fork in reads.forks_since(0)}
        return len(proved)

    def _disagreement_of_copied(self, owner: VirtualNode) -> list[str]:
        """Of a log whose machine was copied: all hold one history, or all have the proof that there are two."""
        origin, knowing, heads = owner.disk.organisation.origin, set(), {}
        for name, node in self._nodes.items():
            tree = self._held[name].get(origin)
            heads[name] = parse_checkpoint(tree.checkpoint)[0] if tree is not None and tree.checkpoint else None
            with node.disk.store.read() as reads:
                if tree is not None and reads.fork(tree.tree) is not None:
                    knowing.add(name)
        if knowing:
            return [f"{name} does not know that {owner.name} has forked" for name in self._nodes.keys() - knowing]
        if len(set(heads.values())) == 1:
            return []
        sizes = ", ".join(f"{name} {head.size if head else 0}" for name, head in heads.items())
        return [f"of {owner.name} no fork is proved, and these are held: {sizes}"]

    def _unproved_forks(self) -> list[str]:
        unproved = []
        for log_id, histories in self.lies.items():
            origin, sides, unknowing = Origin(log_id, 1), set(), []
            for node in self._nodes.values():
                tree = self._held[node.name].get(origin)
                if tree is None:
                    continue
                with node.disk.store.read() as reads:
                    entry = next(reads.leaves(tree.tree, FORK_AT, FORK_AT + 1), None)
                    sides |= {number for number, one in enumerate(histories) if entry == one.entries[FORK_AT]}
                    if reads.fork(tree.tree) is None:
                        unknowing.append(node.name)
            if len(sides) > 1:
                unproved += [f"{name} does not know that {origin} has forked" for name in unknowing]
        return unproved

    def _look_at(self, node: VirtualNode, reads: Snapshot, before: Tree | None, tree: Tree) -> None:
        origin = tree.origin
        if before is not None:
            for shrunk in (
                tree.size < before.size and node.log_id != origin.log_id,  # of its own the unsigned may wait again
                tree.head_size < before.head_size and origin.log_id not in self.changed_keys,  # spec 04 §7
                tree.checkpoint_size < before.checkpoint_size,
            ):
                self._must(not shrunk, node, f"holds less of {origin} than before")
        if node.log_id == origin.log_id:
            self._learn(node, reads, tree)
        elif tree.size > 0:
            self._must(tree.size <= tree.head_size, node, f"holds entries of {origin} under no checkpoint")
        end = tree.checkpoint_size if node.log_id == origin.log_id else tree.size
        begin = before.size if before is not None and before.size <= end else 0
        entries = list(reads.leaves(tree.tree, begin, end))
        self._must(len(entries) == end - begin, node, f"lacks entries of {origin} that it counts")
        histories = self._histories(origin.log_id)
        true = [history for history in histories if history.entries[begin:end] == entries]
        self._must(bool(true), node, f"holds entries {begin} to {end} of {origin} that its owner never signed")
        for note, size in ((tree.head, tree.head_size), (tree.checkpoint, tree.checkpoint_size)):
            if note:
                self._check_note(node, reads, tree, note, size)

    def _check_note(self, node: VirtualNode, reads: Snapshot, tree: Tree, note: bytes, size: int) -> None:
        if note not in self._signed:
            verify_head(note, reads.charters(tree.tree))
            self._signed.add(note)
        checkpoint = parse_checkpoint(note)[0]
        self._must(checkpoint.size == size, node, f"counts {size} under a checkpoint of {checkpoint.size}")
        if tree.origin.log_id in self.truth:
            histories = self._histories(tree.origin.log_id)
            true = any(size < len(one.roots) and one.roots[size] == checkpoint.root for one in histories)
            self._must(true, node, f"has a checkpoint of {tree.origin} with {size} entries that contradicts another")
        if note == tree.checkpoint:
            held = size <= tree.size and root_at(reads, tree.tree, size) == checkpoint.root
            self._must(held, node, f"does not hold what the checkpoint of {tree.origin} says")

    def _learn(self, node: VirtualNode, reads: Snapshot, tree: Tree) -> None:
        """What an owner signs is the truth from then on; it may not be another one later."""
        history, published = self._own[node.name], self.published.get(node.log_id)
        for position, entry in enumerate(reads.leaves(tree.tree, 0, tree.checkpoint_size)):
            if position < len(history.entries):
                self._must(history.entries[position] == entry, node, f"signed a second entry at {position}")
            else:
                history.append(entry)
                if published is not None and position < len(published.entries) and node.log_id not in self._unaware:
                    true = published.entries[position] == entry
                    self._must(true, node, f"signed another entry at {position} than the one that was published")

    def _look_at_published(self, node: VirtualNode, reads: Snapshot) -> None:
        """Two published checkpoints of one log never contradict each other."""
        own = int(reads.fact("own") or 0)
        size, note = reads.published(own)
        history = self.published.setdefault(node.log_id, History())
        if not size:
            return
        root = parse_checkpoint(note)[0].root
        if size > len(history.entries):
            entries = list(reads.leaves(own, 0, size))
            if entries[: len(history.entries)] == history.entries:
                for entry in entries[len(history.entries) :]:
                    history.append(entry)
        true = size < len(history.roots) and history.roots[size] == root
        self._must(true, node, f"has a published checkpoint of {size} entries that contradicts another")

    def _banned(self, node: VirtualNode, log_id: bytes) -> None:
        self._must(log_id not in self.truth, node, "banned an honest node as false")

    def _accused(self, node: VirtualNode, what: str) -> None:
        if "forked" in what:
            accused = [
                name
                for name, other in self._nodes.items()
                if str(other.disk.organisation.origin) in what and not self.has_forked(other.log_id)
            ]
            self._must(not accused, node, f"accuses {accused} of a fork: {what}")

    def _must(self, true: bool, node: VirtualNode, what: str) -> None:  # noqa: FBT001 - a sentence: it must be so
        if not true:
            raise BrokenPromiseError(f"{node.name} {what}")
