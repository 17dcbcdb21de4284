-- SPDX-License-Identifier: AGPL-3.0-or-later
-- Fork proofs (spec 12): the first one that came for each epoch of a log, and what the next epoch said of it.
CREATE TABLE fork (
  tree    INTEGER PRIMARY KEY,
  arrival INTEGER NOT NULL,   -- order in which they came here
  proof   BLOB    NOT NULL,   -- empty where only the opening of the next epoch is known
  healed  BLOB                -- H of the fork proof that the opening of the next epoch names
);

-- Checkpoints that were seen and not fetched before a larger one came: they are compared when their size is reached.
CREATE TABLE unproved (
  tree INTEGER NOT NULL,
  size INTEGER NOT NULL,
  note BLOB    NOT NULL,
  PRIMARY KEY (tree, size)
) WITHOUT ROWID;

-- When the newest checkpoint was last seen or confirmed by others: UTC seconds by this node's clock, 0 if not known.
ALTER TABLE tree ADD COLUMN seen INTEGER NOT NULL DEFAULT 0;
