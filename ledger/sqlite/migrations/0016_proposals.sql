-- SPDX-License-Identifier: AGPL-3.0-or-later
-- What anybody has proposed and nobody has decided on yet (spec 21, 3): no part of the log.
CREATE TABLE proposal (
  id        BLOB PRIMARY KEY,   -- of the statement
  statement BLOB    NOT NULL,
  signature BLOB    NOT NULL,   -- its author's
  through   TEXT    NOT NULL,   -- for whom the link was made by which it came, or empty
  origin    BLOB    NOT NULL,   -- of whoever sent it: tells one address from another, and not which it is
  at        INTEGER NOT NULL,
  base      INTEGER NOT NULL,   -- where the record was put that the proposal began from, or -1
  ballot    BLOB    NOT NULL    -- the proposal to the assembly that asks about it, or empty
) WITHOUT ROWID;
CREATE INDEX proposal_at ON proposal (at);

-- Links by which somebody proposes under a name, known by the hash of their token.
CREATE TABLE invitation (
  token BLOB PRIMARY KEY,
  name  TEXT    NOT NULL,
  at    INTEGER NOT NULL,
  until INTEGER NOT NULL,
  room  INTEGER NOT NULL        -- how many more proposals may come by it
) WITHOUT ROWID;

-- Claims that somebody else has signed as well count from now on: what is derived is made anew.
UPDATE tree SET derived = -1 WHERE derived > 0;
