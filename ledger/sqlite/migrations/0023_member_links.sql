-- SPDX-License-Identifier: AGPL-3.0-or-later
-- Links by which a member whose key this node keeps signs in once. Not derived: nobody else knows of them.
CREATE TABLE member_link (
  digest BLOB    PRIMARY KEY,  -- SHA-256 of the code: who reads the store can use none
  member BLOB    NOT NULL,
  key    BLOB    NOT NULL,     -- the member's public key then: with another the link is worth nothing
  until  INTEGER NOT NULL
) WITHOUT ROWID;
