-- SPDX-License-Identifier: AGPL-3.0-or-later
-- Points are compared in memory: that takes a fraction of a millisecond, and keeping a tree of boxes took as long as all
-- else that is written of a record.
DROP TABLE record_box;
