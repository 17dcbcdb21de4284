-- SPDX-License-Identifier: AGPL-3.0-or-later
-- What a log takes here in bytes, and whether it is denied.
ALTER TABLE tree ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tree ADD COLUMN hidden INTEGER NOT NULL DEFAULT 0;
UPDATE tree SET bytes = coalesce(
  (SELECT sum(length(entry) + coalesce(length(payload), 0)) FROM entry WHERE entry.tree = tree.tree), 0
);

-- What the operator decided: logs that are followed, mirrored or admitted, and regions.
CREATE TABLE choice (
  log_id BLOB PRIMARY KEY,
  mode   TEXT NOT NULL       -- follow, mirror or admit
) WITHOUT ROWID;
CREATE TABLE region (
  name TEXT PRIMARY KEY
) WITHOUT ROWID;
-- Logs of the nodes that the operator named or that were met on the local network, once they have proved who they are.
CREATE TABLE met (
  log_id BLOB PRIMARY KEY
) WITHOUT ROWID;
-- The operator's own word on a log: denied, or allowed whatever the block lists say.
CREATE TABLE ruling (
  log_id BLOB PRIMARY KEY,
  denied INTEGER NOT NULL
) WITHOUT ROWID;
-- Logs whose denials and labels count here.
CREATE TABLE subscription (
  log_id BLOB PRIMARY KEY
) WITHOUT ROWID;

-- Logs that nobody here knows anybody of, by their heads alone.
CREATE TABLE waiting (
  log_id   BLOB PRIMARY KEY,
  note     BLOB    NOT NULL,
  charters BLOB    NOT NULL,  -- the payloads, each after its length in four bytes
  told_by  BLOB    NOT NULL,
  at       INTEGER NOT NULL
) WITHOUT ROWID;

-- Where nodes can be reached, said by their organisations (spec 16, 1).
CREATE TABLE peer_record (
  log_id   BLOB PRIMARY KEY,
  sequence INTEGER NOT NULL,
  until    INTEGER NOT NULL,
  record   BLOB    NOT NULL,
  worked   INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;

-- Derived: what organisations say of logs and records, statement by statement; the last one about a thing counts.
CREATE TABLE vouch (
  tree     INTEGER NOT NULL,
  position INTEGER NOT NULL,
  log_id   BLOB    NOT NULL,
  vouched  INTEGER NOT NULL,
  PRIMARY KEY (tree, position)
) WITHOUT ROWID;
CREATE TABLE denial (
  tree     INTEGER NOT NULL,
  position INTEGER NOT NULL,
  log_id   BLOB    NOT NULL,
  id       BLOB    NOT NULL,  -- empty: the whole log
  reason   TEXT    NOT NULL,  -- empty: taken back
  PRIMARY KEY (tree, position)
) WITHOUT ROWID;
CREATE TABLE label (
  tree     INTEGER NOT NULL,
  position INTEGER NOT NULL,
  log_id   BLOB    NOT NULL,
  id       BLOB    NOT NULL,  -- empty: the whole log
  label    TEXT    NOT NULL,
  is_set   INTEGER NOT NULL,
  PRIMARY KEY (tree, position)
) WITHOUT ROWID;
CREATE INDEX label_subject ON label (log_id, id);

-- Derived: the entries of the moderation log of each organisation (spec 16, 4).
CREATE TABLE decision (
  tree     INTEGER NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (tree, position)
) WITHOUT ROWID;

-- Statements of these kinds that were taken in before they were known are read again.
UPDATE tree SET derived = 0;
DELETE FROM verdict;
DELETE FROM charter_in_force;
DELETE FROM role;
DELETE FROM history;
DELETE FROM record;
DELETE FROM record_category;
DELETE FROM record_text;
DELETE FROM record_box;
DELETE FROM claim;
DELETE FROM import;
