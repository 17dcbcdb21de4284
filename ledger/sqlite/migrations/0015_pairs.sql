-- SPDX-License-Identifier: AGPL-3.0-or-later
-- What is said of two records: that they are one thing, or not (spec 10, 5). Found by either of them.
CREATE TABLE pair (
  tree      INTEGER NOT NULL,
  position  INTEGER NOT NULL,
  kind      TEXT    NOT NULL,   -- same, different, or empty: taken back
  log_id    BLOB    NOT NULL,
  id        BLOB    NOT NULL,
  other_log BLOB    NOT NULL,
  other_id  BLOB    NOT NULL,
  PRIMARY KEY (tree, position)
) WITHOUT ROWID;
CREATE INDEX pair_subject ON pair (log_id, id);
CREATE INDEX pair_other ON pair (other_log, other_id);

-- What is derived is made anew.
UPDATE tree SET derived = -1 WHERE derived > 0;
