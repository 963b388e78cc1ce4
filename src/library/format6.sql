-- Format 6: papers of a history can be of an interest with a name; histories are found by a paper.
ALTER TABLE history ADD COLUMN interest TEXT;
CREATE INDEX history_paper ON history (paper);
CREATE INDEX shown_paper ON shown (paper);
