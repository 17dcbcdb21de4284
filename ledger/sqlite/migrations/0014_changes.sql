-- SPDX-License-Identifier: AGPL-3.0-or-later
-- What of the public directory has changed, in the order in which it came about here: for those who keep a copy of it in
-- another form. Each record stands there once, by its last change, and stays when the record has gone. Not derived: who
-- reads on from a number must not miss anything when tables are made anew.
CREATE TABLE change (
  tree   INTEGER NOT NULL,
  id     BLOB    NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (tree, id)
) WITHOUT ROWID;
CREATE UNIQUE INDEX change_number ON change (number);
INSERT INTO change SELECT tree, id, row_number() OVER (ORDER BY rid) FROM record WHERE scope = 0;

-- Single records that were denied when it was last looked: what differs from it has changed for readers.
CREATE TABLE denied_record (
  log_id BLOB NOT NULL,
  id     BLOB NOT NULL,
  PRIMARY KEY (log_id, id)
) WITHOUT ROWID;
