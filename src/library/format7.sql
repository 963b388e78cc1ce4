-- Format 7: tables and columns have the names of the glossary.
ALTER TABLE word RENAME TO posting;
ALTER TABLE bag RENAME TO term_vector;
ALTER TABLE name RENAME TO alias;
ALTER TABLE apart RENAME TO not_same;
ALTER TABLE shown RENAME TO impression;
ALTER TABLE wanted RENAME TO unresolved_paper;
ALTER TABLE note RENAME TO key_value;
ALTER TABLE paper RENAME COLUMN also TO aliases;
ALTER TABLE profile RENAME COLUMN looked TO last_seen_generation;
ALTER TABLE profile RENAME COLUMN looked_before TO previous_seen_generation;
ALTER TABLE profile RENAME COLUMN looked_on TO last_seen_on;
DROP INDEX name_paper;
CREATE INDEX alias_paper ON alias (paper);
DROP INDEX shown_paper;
CREATE INDEX impression_paper ON impression (paper);
