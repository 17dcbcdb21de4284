-- SPDX-License-Identifier: AGPL-3.0-or-later
-- Offers and needs are searched by direction, terms and end, places by whether they are open.
ALTER TABLE record ADD COLUMN direction   TEXT NOT NULL DEFAULT '';
ALTER TABLE record ADD COLUMN terms       TEXT NOT NULL DEFAULT '';   -- with blanks between them
ALTER TABLE record ADD COLUMN valid_until INTEGER;
ALTER TABLE record ADD COLUMN hours       TEXT NOT NULL DEFAULT '';

-- What is derived is made anew.
UPDATE tree SET derived = -1 WHERE derived > 0;
