-- SPDX-License-Identifier: AGPL-3.0-or-later
-- Derived tables of the directory (spec 10): dropped and made again by `folkmoot log rebuild`, with the same content.

-- Verdicts other than `applied`.
CREATE TABLE verdict (
  tree     INTEGER NOT NULL,
  position INTEGER NOT NULL,
  verdict  TEXT    NOT NULL,
  PRIMARY KEY (tree, position)
) WITHOUT ROWID;

CREATE TABLE charter_in_force (
  tree     INTEGER NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (tree, position)
) WITHOUT ROWID;

CREATE TABLE role (
  tree     INTEGER NOT NULL,
  position INTEGER NOT NULL,
  key      BLOB    NOT NULL,
  role     TEXT    NOT NULL,
  name     TEXT    NOT NULL,
  PRIMARY KEY (tree, position)
) WITHOUT ROWID;

-- The statements that made each record what it is, linked backwards.
CREATE TABLE history (
  tree     INTEGER NOT NULL,
  position INTEGER NOT NULL,
  id       BLOB    NOT NULL,
  previous INTEGER,
  import   BLOB,
  PRIMARY KEY (tree, position)
) WITHOUT ROWID;
CREATE INDEX history_import ON history (tree, import, position) WHERE import IS NOT NULL;

-- The present state. rid = tree * 2^32 + position of the statement that first put it, so a rebuild gives the same.
CREATE TABLE record (
  rid        INTEGER PRIMARY KEY,
  tree       INTEGER NOT NULL,
  id         BLOB    NOT NULL,
  put        INTEGER NOT NULL,   -- position of the payload that holds the record
  latest     INTEGER NOT NULL,   -- position of the last statement in its history
  kind       TEXT    NOT NULL,
  status     TEXT    NOT NULL,
  sort_key   BLOB    NOT NULL,   -- first 24 bytes of the folded name, padded with zeros
  lat        INTEGER,
  lon        INTEGER,
  country    TEXT    NOT NULL,
  licence    TEXT    NOT NULL,
  source     TEXT    NOT NULL,   -- set of the first source
  outside_id TEXT    NOT NULL,   -- its id in that set
  checked_at INTEGER,
  UNIQUE (tree, id)
);
CREATE INDEX record_source ON record (tree, source) WHERE source <> '';

CREATE TABLE record_category (
  rid      INTEGER NOT NULL,
  category TEXT    NOT NULL,
  PRIMARY KEY (rid, category)
) WITHOUT ROWID;

CREATE VIRTUAL TABLE record_text USING fts5 (name, text, tokenize = 'unicode61 remove_diacritics 0', detail = column);
CREATE VIRTUAL TABLE record_box USING rtree_i32 (rid, south, north, west, east);

CREATE TABLE claim (
  tree     INTEGER NOT NULL,
  position INTEGER NOT NULL,
  kind     TEXT    NOT NULL,
  log_id   BLOB    NOT NULL,
  id       BLOB    NOT NULL,
  PRIMARY KEY (tree, position)
) WITHOUT ROWID;
CREATE INDEX claim_subject ON claim (log_id, id);

CREATE TABLE import (
  tree     INTEGER NOT NULL,
  id       BLOB    NOT NULL,
  start    INTEGER NOT NULL,   -- position of import.start
  done     INTEGER,            -- position of import.done
  undone   INTEGER,            -- position of import.undo
  source   TEXT    NOT NULL,
  file     BLOB    NOT NULL,
  PRIMARY KEY (tree, id)
) WITHOUT ROWID;
