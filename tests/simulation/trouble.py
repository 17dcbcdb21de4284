# SPDX-License-Identifier: AGPL-3.0-or-later
"""What befalls a disk and a key: one machine of a run is restored, copied or put back whole; one key is stolen."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.simulation.check import Checker
    from tests.simulation.liar import Liar
    from tests.simulation.memory import Image
    from tests.simulation.node import VirtualNode
    from tests.simulation.world import World

KINDS = ("restore", "copy", "whole")
"""A backup is put back; the disk is copied and runs twice; the whole disk is put back, head file and all."""

WITNESSES = 3


class Troubles:
    """Those of one run. They befall one machine, so that what it alone held is not lost with two."""

    def __init__(self, world: World, checker: Checker, nodes: Sequence[VirtualNode], liars: Sequence[Liar]) -> None:
        self.kind = world.random.choice(KINDS)
        self.copies: list[VirtualNode] = []
        """The second machines that run."""
        self._world = world
        self._checker = checker
        self._nodes = nodes
        self._liars = liars
        self._victim, self._robbed = world.random.sample(list(nodes), 2)
        self._image: Image | None = None
        self._key_changed = False
        self.times = 0

    def choose_witnesses(self) -> None:
        """Each has up to three of those that it dials as witnesses, never the one whose disk is not to be trusted."""
        by_name = {node.name: node for node in self._nodes}
        for node in self._nodes:
            near = [by_name[name] for name in node.peers if name in by_name and name != self._victim.name]
            for other in near[:WITNESSES]:
                node.choose_witness(other)

    @property
    def name(self) -> str:
        """What befell, in a few words."""
        said = {"restore": "a backup put back", "copy": "a disk copied", "whole": "a whole disk put back"}
        parts = [f"{said[self.kind]} {self.times} times"]
        if any(node.witnessed for node in self._nodes):
            parts.append("witnesses")
        if any(liar.stolen for liar in self._liars):
            parts.append("a stolen key")
        return ", ".join(parts)

    def save(self) -> None:
        """Makes a copy of the disk, to be put back later."""
        self._image = self._victim.disk.image()

    def come(self) -> None:
        """What is to befall the machine befalls it."""
        node, image = self._victim, self._image
        if self.kind == "copy":
            self._copy()
        elif image is not None:
            self.times += 1
            node.kill()
            if self.kind == "restore":
                node.restore(image.store)
                self._checker.renew(node)
            else:
                node.put_back(image)
                self._checker.put_back(node)
            self._checker.look_again(node)
            node.start()
            self._write(node)

    def _copy(self) -> None:
        """Somebody copies the disk and starts the copy beside the original."""
        if not self.copies and not self._checker.has_forked(self._victim.log_id):
            self.times += 1
            copy = self._victim.copy()
            self.copies.append(copy)
            self._checker.watch_copy(copy)
            copy.start()
            if self._world.random.random() < 0.5:
                self._divide(copy)
            self._write(self._victim, copy)

    def _divide(self, copy: VirtualNode) -> None:
        """The original and its copy do not see each other, and others see one of them."""
        network = copy.network
        network.side = {name: self._world.random.randrange(2) for name in network.listening}
        network.side[self._victim.name], network.side[copy.name] = 0, 1

    def _write(self, *nodes: VirtualNode) -> None:
        """Soon somebody writes there: what nobody writes cannot fork."""
        for node in nodes:
            for _ in range(3):
                self._world.after(self._world.random.uniform(0, 600), node.write)

    def retire(self) -> None:
        """The copies are switched off, and nobody starts them again."""
        for copy in self.copies:
            copy.kill()
            self._checker.retire(copy)
            copy.disk.store.close()
        self.copies.clear()

    def change_key(self) -> None:
        """An organisation changes its operating key, once."""
        if not self._key_changed:
            self._key_changed = True
            self._robbed.kill()
            self._robbed.change_key()
            self._checker.changed_keys.add(self._robbed.log_id)
            self._robbed.start()

    def after_healing(self) -> None:
        """Once all know of the changed key, thieves sign with the removed one, and no older disk comes back."""
        origin = self._robbed.disk.organisation.origin
        if all(node.knows_charters(origin) > 1 for node in self._nodes) and not any(
            liar.stolen for liar in self._liars
        ):
            self._image = None
            for liar in self._liars:
                liar.stolen = self._robbed.disk.organisation
