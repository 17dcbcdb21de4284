-- SPDX-License-Identifier: AGPL-3.0-or-later
-- What logs say of a territory (spec 22): each statement that was applied, under its key. The last one is in force.
CREATE TABLE knowledge (
  tree      INTEGER NOT NULL,
  position  INTEGER NOT NULL,
  sort      TEXT    NOT NULL,   -- term, problem, need, set, declaration, review, skill, opinion
  key       BLOB    NOT NULL,
  kind      TEXT    NOT NULL,
  at        INTEGER NOT NULL,
  withdrawn INTEGER NOT NULL,
  about_log BLOB    NOT NULL,   -- what it is about; empty where it is about nothing else
  about_id  BLOB    NOT NULL,
  body      BLOB    NOT NULL,
  PRIMARY KEY (tree, position)
);
CREATE INDEX knowledge_key ON knowledge (sort, tree, key, position);
CREATE INDEX knowledge_about ON knowledge (about_log, about_id, sort);

-- What is derived is made anew.
UPDATE tree SET derived = -1 WHERE derived > 0;
