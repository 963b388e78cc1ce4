-- Format 6: papers of a history can be of an interest with a name.
ALTER TABLE history ADD COLUMN interest TEXT;
