-- SPDX-License-Identifier: AGPL-3.0-or-later
-- A record has a public state and one of its own for those who may read more (spec 15, 4): two rows, two histories.
DROP TABLE record;
CREATE TABLE record (
  rid        INTEGER PRIMARY KEY,   -- as in 0002
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
  scope      INTEGER NOT NULL,   -- that of the entry at `put`
  UNIQUE (tree, id, scope)
);
CREATE INDEX record_source ON record (tree, source) WHERE source <> '';

-- Which holders have said that they dropped erased payloads (spec 03, 7). One row for each statement, however many
-- positions it names: they are read from the statement itself.
CREATE TABLE receipt (
  tree     INTEGER NOT NULL,   -- the log in which it is said
  position INTEGER NOT NULL,
  log_id   BLOB    NOT NULL,   -- the log of which it is said
  epoch    INTEGER NOT NULL,
  first    INTEGER NOT NULL,   -- of the positions that it names
  last     INTEGER NOT NULL,
  PRIMARY KEY (tree, position)
) WITHOUT ROWID;
CREATE INDEX receipt_about ON receipt (log_id, epoch, tree, position);

-- Whether the own log says already that the payload was dropped.
ALTER TABLE lacking ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
CREATE INDEX lacking_untold ON lacking (tree, position) WHERE reason = 'erased' AND told = 0;

-- Who has told of a head of the own log, so is known to hold it.
CREATE TABLE holder (
  log_id BLOB    PRIMARY KEY,
  size   INTEGER NOT NULL
) WITHOUT ROWID;

-- What is derived is made anew.
UPDATE tree SET derived = -1 WHERE derived > 0;
