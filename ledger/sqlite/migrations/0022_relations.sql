-- SPDX-License-Identifier: AGPL-3.0-or-later
-- What points at a record: the relations that others state to it (spec 10, 2).
CREATE TABLE relation (
  rid       INTEGER NOT NULL,   -- of the record that states it
  number    INTEGER NOT NULL,   -- its place among the relations of that record
  predicate TEXT    NOT NULL,
  log_id    BLOB    NOT NULL,
  id        BLOB    NOT NULL,
  PRIMARY KEY (rid, number)
) WITHOUT ROWID;
CREATE INDEX relation_object ON relation (log_id, id, rid);

-- What is derived is made anew.
UPDATE tree SET derived = -1 WHERE derived > 0;
