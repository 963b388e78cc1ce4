-- Format 4: papers are saved and hidden too; feed readers have a token.
ALTER TABLE history RENAME TO history_before;
CREATE TABLE history (
  profile INTEGER NOT NULL REFERENCES profile (key) ON DELETE CASCADE,
  paper   TEXT NOT NULL,
  kind    TEXT NOT NULL CHECK (kind IN ('read', 'like', 'save', 'dislike', 'hide')),
  weight  REAL NOT NULL CHECK (weight > 0),
  at      TEXT NOT NULL,
  PRIMARY KEY (profile, paper)
) STRICT, WITHOUT ROWID;
INSERT INTO history SELECT profile, paper, kind, weight, at FROM history_before;
DROP TABLE history_before;
ALTER TABLE profile ADD COLUMN feed_token TEXT;
