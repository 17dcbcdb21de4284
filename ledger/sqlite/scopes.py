# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which logs are held and shown, who vouches for whom, and where nodes are: what is read and written of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ledger.sqlite.changes import mark_all_changed
from ledger.values import Denial, LabelRow, PeerRow, WaitingRow

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Collection, Sequence

_PEER = f"SELECT {', '.join(PeerRow._fields)} FROM peer_record"
_LENGTH_BYTES = 4


class ScopeReads:
    """Reading scopes, moderation and peer records over one connection."""

    _db: sqlite3.Connection

    def own_log(self) -> bytes:
        """The id of this node's own log; empty in a store that has none."""
        sql = "SELECT log_id FROM tree WHERE tree = CAST((SELECT value FROM fact WHERE name = 'own') AS INTEGER)"
        row = self._db.execute(sql).fetchone()
        return row[0] if row else b""

    def scopes_version(self) -> int:
        """A number that grows with every change of what is admitted, followed, denied, labelled or joined."""
        row = self._db.execute("SELECT value FROM fact WHERE name = 'scopes'").fetchone()
        return int(row[0]) if row else 0

    def hidden_version(self) -> int:
        """The `scopes_version` up to which `hidden` of the logs is right."""
        row = self._db.execute("SELECT value FROM fact WHERE name = 'hidden'").fetchone()
        return int(row[0]) if row else 0

    def hidings(self) -> int:
        """How often logs have been hidden or shown again."""
        row = self._db.execute("SELECT value FROM fact WHERE name = 'hidings'").fetchone()
        return int(row[0]) if row else 0

    def choices(self) -> dict[bytes, str]:
        """Logs that the operator follows, mirrors or has admitted: `follow`, `mirror` or `admit`."""
        return dict(self._db.execute("SELECT log_id, mode FROM choice").fetchall())

    def regions(self) -> list[str]:
        """The regions that are followed."""
        return [row[0] for row in self._db.execute("SELECT name FROM region ORDER BY name")]

    def met_logs(self) -> set[bytes]:
        """Logs of nodes that the operator named, or that were met on the local network."""
        return {row[0] for row in self._db.execute("SELECT log_id FROM met")}

    def rulings(self) -> dict[bytes, bool]:
        """The operator's own word on logs: True if denied, False if allowed."""
        return {log_id: bool(denied) for log_id, denied in self._db.execute("SELECT log_id, denied FROM ruling")}

    def subscriptions(self) -> set[bytes]:
        """Logs whose denials and labels count here."""
        return {row[0] for row in self._db.execute("SELECT log_id FROM subscription")}

    def vouches(self) -> dict[bytes, set[bytes]]:
        """Of each log the logs that it vouches for now."""
        sql = "SELECT tree.log_id, vouch.log_id, vouched FROM vouch JOIN tree USING (tree) ORDER BY epoch, position"
        found: dict[bytes, set[bytes]] = {}
        for by, log_id, vouched in self._db.execute(sql):
            known = found.setdefault(by, set())
            if vouched:
                known.add(log_id)
            else:
                known.discard(log_id)
        return found

    def denials(self) -> list[Denial]:
        """What is denied now, by every log held here, in the order of the logs."""
        sql = (
            "SELECT tree.log_id, denial.log_id, id, reason, position FROM denial JOIN tree USING (tree) "
            "ORDER BY tree.log_id, epoch, position"
        )
        latest = {row[:3]: Denial._make(row) for row in self._db.execute(sql)}
        return [denial for denial in latest.values() if denial.reason]

    def decisions(self, tree: int, limit: int, before: int | None = None) -> list[int]:
        """Positions in a log of the decisions that are its moderation log, latest first; only those before one."""
        bound = 2**62 if before is None else before
        sql = "SELECT position FROM decision WHERE tree = ? AND position < ? ORDER BY position DESC LIMIT ?"
        return [row[0] for row in self._db.execute(sql, (tree, bound, limit))]

    def labels(self, log_id: bytes, record_id: bytes = b"") -> list[LabelRow]:
        """The labels on a record, or on a log as a whole, whoever put them there."""
        sql = (
            "SELECT tree.log_id, label.log_id, id, label, position, is_set FROM label JOIN tree USING (tree) "
            "WHERE label.log_id = ? AND id = ? ORDER BY tree.log_id, epoch, position"
        )
        latest = {(row[0], row[3]): row for row in self._db.execute(sql, (log_id, record_id))}
        return [LabelRow._make(row[:5]) for row in latest.values() if row[5]]

    def held_bytes(self) -> int:
        """What all logs take together, entries and payloads."""
        return int(self._db.execute("SELECT coalesce(sum(bytes), 0) FROM tree").fetchone()[0])

    def waiting(self) -> list[WaitingRow]:
        """Logs that wait to be admitted, in the order in which they came."""
        sql = "SELECT log_id, note, charters, told_by, at FROM waiting ORDER BY at, log_id"
        return [WaitingRow(row[0], row[1], _split(row[2]), row[3], row[4]) for row in self._db.execute(sql)]

    def peer_records(self, now: int) -> list[PeerRow]:
        """The peer records that count at `now`, UTC seconds."""
        return [PeerRow._make(row) for row in self._db.execute(f"{_PEER} WHERE until > ? ORDER BY log_id", (now,))]

    def peer_record(self, log_id: bytes) -> PeerRow | None:
        """The peer record of one log, if one is kept."""
        row = self._db.execute(f"{_PEER} WHERE log_id = ?", (log_id,)).fetchone()
        return PeerRow._make(row) if row else None


class ScopeWrites(ScopeReads):
    """Writing them, inside a transaction."""

    def forget_cursors(self) -> None:
        """Peers are asked for everything again: what they told before was not all wanted then. They stay known."""
        self._db.execute("UPDATE cursor SET store = x'', upto = 0")

    def touch_scopes(self) -> None:
        """Says that something has changed of what is admitted, followed, denied, labelled or joined."""
        version = b"%d" % (self.scopes_version() + 1)
        self._db.execute("INSERT OR REPLACE INTO fact VALUES ('scopes', ?)", (version,))

    def choose(self, log_id: bytes, mode: str) -> None:
        """The operator follows, mirrors or admits a log; nothing of it if the mode is empty."""
        if mode:
            self._db.execute("INSERT OR REPLACE INTO choice VALUES (?, ?)", (log_id, mode))
        else:
            self._db.execute("DELETE FROM choice WHERE log_id = ?", (log_id,))
        self.touch_scopes()

    def set_region(self, name: str, *, followed: bool) -> None:
        """The operator follows a region, or no longer does."""
        sql = "INSERT OR IGNORE INTO region VALUES (?)" if followed else "DELETE FROM region WHERE name = ?"
        self._db.execute(sql, (name,))
        self.touch_scopes()

    def set_met(self, log_id: bytes) -> None:
        """A node that the operator named, or that was met on the local network, has proved that it is this log's."""
        self._db.execute("INSERT OR IGNORE INTO met VALUES (?)", (log_id,))
        self.touch_scopes()

    def unmeet(self, url: str) -> None:
        """The log of a peer that was added by hand is no longer that of a known peer; before the peer is removed."""
        self._db.execute("DELETE FROM met WHERE log_id = (SELECT log_id FROM peer WHERE url = ?)", (url,))
        self.touch_scopes()

    def unmeet_log(self, log_id: bytes) -> None:
        """A log is no longer that of a known peer."""
        self._db.execute("DELETE FROM met WHERE log_id = ?", (log_id,))
        self.touch_scopes()

    def rule(self, log_id: bytes, *, denied: bool) -> None:
        """The operator's own word on a log."""
        self._db.execute("INSERT OR REPLACE INTO ruling VALUES (?, ?)", (log_id, int(denied)))
        self.touch_scopes()

    def subscribe(self, log_id: bytes, *, subscribed: bool) -> None:
        """A log's denials and labels count here, or no longer do."""
        sql = (
            "INSERT OR IGNORE INTO subscription VALUES (?)" if subscribed else "DELETE FROM subscription WHERE log_id=?"
        )
        self._db.execute(sql, (log_id,))
        self.touch_scopes()

    def set_vouch(self, tree: int, position: int, log_id: bytes, *, vouched: bool) -> None:
        """A log vouches for another from a position on, or no longer does."""
        self._db.execute("INSERT INTO vouch VALUES (?, ?, ?, ?)", (tree, position, log_id, int(vouched)))
        self.touch_scopes()

    def set_denial(self, tree: int, position: int, log_id: bytes, record_id: bytes, reason: str) -> None:
        """A log denies another, or a record of it, from a position on; no longer if the reason is empty."""
        self._db.execute("INSERT INTO denial VALUES (?, ?, ?, ?, ?)", (tree, position, log_id, record_id, reason))
        self.touch_scopes()

    def set_label(self, tree: int, position: int, log_id: bytes, record_id: bytes, label: str, *, is_set: bool) -> None:
        """A log labels another, or a record of it, from a position on, or takes the label off."""
        row = (tree, position, log_id, record_id, label, int(is_set))
        self._db.execute("INSERT INTO label VALUES (?, ?, ?, ?, ?, ?)", row)
        self.touch_scopes()

    def add_decision(self, tree: int, position: int) -> None:
        """The entry at this position is a decision."""
        self._db.execute("INSERT OR IGNORE INTO decision VALUES (?, ?)", (tree, position))

    def set_hidden(self, denied: Collection[bytes]) -> None:
        """These logs and no others are hidden. What is shown again is told of again, under a new arrival number."""
        wanted = set(denied)
        rows = self._db.execute("SELECT tree, log_id, hidden FROM tree ORDER BY arrival").fetchall()
        for tree, log_id, hidden in rows:
            if bool(hidden) != (log_id in wanted):
                self._db.execute("UPDATE tree SET hidden = ? WHERE tree = ?", (int(log_id in wanted), tree))
                mark_all_changed(self._db, tree)
            if hidden and log_id not in wanted:
                self._db.execute(
                    "UPDATE tree SET arrival = (SELECT max(arrival) + 1 FROM tree) WHERE tree = ? AND arrival > 0",
                    (tree,),
                )
        if any(bool(hidden) != (log_id in wanted) for _, log_id, hidden in rows):
            self._db.execute("INSERT OR REPLACE INTO fact VALUES ('hidings', ?)", (b"%d" % (self.hidings() + 1),))
        self._db.execute("INSERT OR REPLACE INTO fact VALUES ('hidden', ?)", (b"%d" % self.scopes_version(),))

    def put_waiting(self, row: WaitingRow) -> None:
        """A log waits, under its newest head."""
        sql = "INSERT OR REPLACE INTO waiting (log_id, note, charters, told_by, at) VALUES (?, ?, ?, ?, ?)"
        self._db.execute(sql, (row.log_id, row.note, _join(row.charters), row.told_by, row.at))

    def drop_waiting(self, log_id: bytes) -> None:
        """A log waits no longer."""
        self._db.execute("DELETE FROM waiting WHERE log_id = ?", (log_id,))

    def put_peer_record(self, row: PeerRow) -> None:
        """Keeps a peer record in place of the one before."""
        self._db.execute("INSERT OR REPLACE INTO peer_record VALUES (?, ?, ?, ?, ?)", row)

    def drop_peer_records(self, logs: Sequence[bytes]) -> None:
        """Forgets peer records."""
        self._db.executemany("DELETE FROM peer_record WHERE log_id = ?", [(log_id,) for log_id in logs])

    def set_worked(self, log_id: bytes, at: int) -> None:
        """The node of a log was reached by its peer record, at that time in UTC seconds."""
        self._db.execute("UPDATE peer_record SET worked = ? WHERE log_id = ?", (at, log_id))


def _join(payloads: Sequence[bytes]) -> bytes:
    return b"".join(len(payload).to_bytes(_LENGTH_BYTES, "big") + payload for payload in payloads)


def _split(data: bytes) -> tuple[bytes, ...]:
    payloads, at = [], 0
    while at < len(data):
        end = at + _LENGTH_BYTES + int.from_bytes(data[at : at + _LENGTH_BYTES], "big")
        payloads.append(data[at + _LENGTH_BYTES : end])
        at = end
    return tuple(payloads)
