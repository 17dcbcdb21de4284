-- SPDX-License-Identifier: AGPL-3.0-or-later
-- The log tables: the truth. Everything in 0002 is derived from them.

-- Facts of this store: its random id, the number of its own tree, the next arrival number.
CREATE TABLE fact (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;

-- One row for each epoch of each log that is held.
CREATE TABLE tree (
  tree            INTEGER PRIMARY KEY,          -- local number
  log_id          BLOB    NOT NULL,
  epoch           INTEGER NOT NULL,
  size            INTEGER NOT NULL DEFAULT 0,   -- entries held
  checkpoint      BLOB,                         -- the newest note up to which everything is held
  checkpoint_size INTEGER NOT NULL DEFAULT 0,
  head            BLOB,                         -- the newest verified note, perhaps ahead of what is held
  head_size       INTEGER NOT NULL DEFAULT 0,
  arrival         INTEGER NOT NULL DEFAULT 0,   -- order in which checkpoints became complete here (spec 09, 4)
  derived         INTEGER NOT NULL DEFAULT 0,   -- entries already folded into the derived tables
  UNIQUE (log_id, epoch)
);
CREATE INDEX tree_arrival ON tree (arrival);

-- Leaves with their payloads. The payload is NULL where it was erased, set aside or withheld.
CREATE TABLE entry (
  tree     INTEGER NOT NULL,
  position INTEGER NOT NULL,
  entry    BLOB    NOT NULL,
  payload  BLOB,
  PRIMARY KEY (tree, position)
) WITHOUT ROWID;

-- Roots of full subtrees of 256, 65,536, ... leaves; what lies between is computed.
CREATE TABLE subtree (
  tree   INTEGER NOT NULL,
  level  INTEGER NOT NULL,
  number INTEGER NOT NULL,
  hash   BLOB    NOT NULL,
  PRIMARY KEY (tree, level, number)
) WITHOUT ROWID;

-- Charters by which the log's keys are known (spec 04), as payloads.
CREATE TABLE charter (
  tree    INTEGER NOT NULL,
  kseq    INTEGER NOT NULL,
  payload BLOB    NOT NULL,
  PRIMARY KEY (tree, kseq)
) WITHOUT ROWID;

-- Idempotency keys of the own log: what was accepted under which statement id.
CREATE TABLE accepted (
  tree     INTEGER NOT NULL,
  id       BLOB    NOT NULL,
  position INTEGER NOT NULL,
  digest   BLOB    NOT NULL,
  PRIMARY KEY (tree, id)
) WITHOUT ROWID;

-- Entries without a payload here, and why: erased, or a reason word of spec 03, 4.
CREATE TABLE lacking (
  tree     INTEGER NOT NULL,
  position INTEGER NOT NULL,
  reason   TEXT    NOT NULL,
  PRIMARY KEY (tree, position)
) WITHOUT ROWID;

-- Peers that were added by hand, and how far each one's changes are stored.
CREATE TABLE peer (
  url    TEXT PRIMARY KEY,
  added  INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE cursor (
  log_id BLOB PRIMARY KEY,
  store  BLOB    NOT NULL,
  upto   INTEGER NOT NULL
) WITHOUT ROWID;
