-- SPDX-License-Identifier: AGPL-3.0-or-later
-- What was acknowledged for the own log and has no place in it at present: the unsigned tail that was cut off because
-- others hold signed entries in its place, and what was written since. It is entered again, in this order.
CREATE TABLE queue (
  tree       INTEGER NOT NULL,
  number     INTEGER NOT NULL,
  position   INTEGER,            -- where it stood when it was cut off
  id         BLOB    NOT NULL,
  digest     BLOB    NOT NULL,   -- as in `accepted`
  scope      INTEGER NOT NULL,
  commitment BLOB    NOT NULL,
  payload    BLOB,               -- NULL where it was erased
  PRIMARY KEY (tree, number)
) WITHOUT ROWID;
CREATE INDEX queue_id ON queue (tree, id);

-- Whose peer it is, once it has proved that: so that one peer is not counted as two who watch the own log.
ALTER TABLE peer ADD COLUMN log_id BLOB;
