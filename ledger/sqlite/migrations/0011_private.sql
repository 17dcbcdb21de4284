-- SPDX-License-Identifier: AGPL-3.0-or-later
-- Which logs are in the circle of a log, by the statements that said so; and what is asked for because it did not come.
CREATE TABLE circle (
  tree     INTEGER NOT NULL,
  position INTEGER NOT NULL,
  log_id   BLOB    NOT NULL,
  member   INTEGER NOT NULL,
  PRIMARY KEY (tree, position)
) WITHOUT ROWID;
CREATE INDEX verdict_withheld ON verdict (tree, position) WHERE verdict = 'withheld';
