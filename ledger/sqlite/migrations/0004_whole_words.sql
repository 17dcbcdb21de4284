-- SPDX-License-Identifier: AGPL-3.0-or-later
-- Texts are folded before they are indexed, so a word is what stands between two spaces. The tokenizer of 0002 cut the words
-- of many scripts at their vowel signs, and then no query with such a word could be answered.
DROP TABLE record_text;
CREATE VIRTUAL TABLE record_text USING fts5 (name, text, tokenize = 'ascii', detail = column);

-- All derived tables are filled again.
DELETE FROM verdict;
DELETE FROM charter_in_force;
DELETE FROM role;
DELETE FROM history;
DELETE FROM record;
DELETE FROM record_category;
DELETE FROM record_box;
DELETE FROM claim;
DELETE FROM import;
UPDATE tree SET derived = 0;
