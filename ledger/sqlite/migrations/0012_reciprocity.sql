-- SPDX-License-Identifier: AGPL-3.0-or-later
-- The reciprocity ledger, as it follows from each log. All of it is derived.

-- What is known of units, members, accounts, contracts and the like: one encoded value for each.
CREATE TABLE cell (
  tree  INTEGER NOT NULL,
  sort  TEXT    NOT NULL,
  key   BLOB    NOT NULL,
  value BLOB    NOT NULL,
  PRIMARY KEY (tree, sort, key)
) WITHOUT ROWID;

-- Which entries concern a member or an account, in order: its chain.
CREATE TABLE chain (
  tree     INTEGER NOT NULL,
  id       BLOB    NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (tree, id, position)
) WITHOUT ROWID;

-- Where the id of a statement of the ledger was used first, what was said with it, and whether that had an effect: an id
-- serves once.
CREATE TABLE said (
  tree     INTEGER NOT NULL,
  id       BLOB    NOT NULL,
  position INTEGER NOT NULL,
  digest   BLOB    NOT NULL,
  applied  INTEGER NOT NULL,
  PRIMARY KEY (tree, id)
) WITHOUT ROWID;

-- Profiles and notes: what was said about a member or a thing, so that it is found; erased with its payload.
CREATE TABLE remark (
  tree     INTEGER NOT NULL,
  about    BLOB    NOT NULL,
  position INTEGER NOT NULL,
  PRIMARY KEY (tree, about, position)
) WITHOUT ROWID;
CREATE INDEX remark_position ON remark (tree, position);
