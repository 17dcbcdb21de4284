-- SPDX-License-Identifier: AGPL-3.0-or-later
-- Which statement had a payload erased. Its author may erase what they said themselves, and when the derived tables are
-- made anew, the payload that named them is gone.
ALTER TABLE lacking ADD COLUMN erased_by INTEGER;
