-- SPDX-License-Identifier: AGPL-3.0-or-later
-- When a record was last put, by the clock of who said it: what nobody has put or checked for two years is archived.
ALTER TABLE record ADD COLUMN said_at INTEGER NOT NULL DEFAULT 0;

-- Links given out to somebody who checks a record without an account. Not derived: nobody else knows of them.
CREATE TABLE check_link (
  code     TEXT    PRIMARY KEY,   -- what makes the link unguessable
  batch    BLOB    NOT NULL,      -- those that were given out together
  id       BLOB    NOT NULL,      -- the record, of the own log
  given_to TEXT    NOT NULL,
  made_at  INTEGER NOT NULL,
  until    INTEGER NOT NULL,
  revoked  INTEGER NOT NULL DEFAULT 0,
  answers  INTEGER NOT NULL DEFAULT 0,
  finding  TEXT    NOT NULL DEFAULT '',
  note     TEXT    NOT NULL DEFAULT '',
  position INTEGER,               -- of the last answer in the own log
  handled  INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX check_link_batch ON check_link (batch);
CREATE INDEX check_link_answer ON check_link (handled, finding);

-- What is derived is made anew.
UPDATE tree SET derived = -1 WHERE derived > 0;
