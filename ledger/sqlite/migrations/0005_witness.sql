-- SPDX-License-Identifier: AGPL-3.0-or-later
-- Witnessing. Two sides: what this node cosigned for others, and who cosigns for the logs held here.

-- The last checkpoint that this node cosigned of each origin, by the SHA-256 of the origin. A cosignature is given only
-- after its row is durable, so that two checkpoints that cannot both be true are never cosigned.
CREATE TABLE cosigned (
  digest BLOB PRIMARY KEY,
  origin TEXT    NOT NULL,
  size   INTEGER NOT NULL,
  root   BLOB    NOT NULL,
  note   BLOB    NOT NULL
) WITHOUT ROWID;

-- The witnesses that the operator chose, by their verifier keys; the URL is empty where it is found in another way.
CREATE TABLE witness (
  number INTEGER PRIMARY KEY,
  key    TEXT    NOT NULL UNIQUE,
  url    TEXT    NOT NULL,
  added  INTEGER NOT NULL
);

-- The newest checkpoint of a log that a quorum of its witnesses has cosigned, with their signatures.
CREATE TABLE published (
  tree INTEGER PRIMARY KEY,
  size INTEGER NOT NULL,
  note BLOB    NOT NULL
);
