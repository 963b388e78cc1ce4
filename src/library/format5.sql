-- Format 5: other names of papers, what each source said of them; papers of histories that are not in the library; notes.
ALTER TABLE paper ADD COLUMN also TEXT CHECK (also IS NULL OR json_valid(also));
CREATE TABLE name (
  name  TEXT PRIMARY KEY,
  paper INTEGER NOT NULL REFERENCES paper (row) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX name_paper ON name (paper);

CREATE TABLE record (
  paper  INTEGER NOT NULL REFERENCES paper (row) ON DELETE CASCADE,
  place  INTEGER NOT NULL,
  record TEXT NOT NULL CHECK (json_valid(record)),
  PRIMARY KEY (paper, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE apart (
  one   TEXT NOT NULL,
  other TEXT NOT NULL,
  PRIMARY KEY (one, other)
) STRICT, WITHOUT ROWID;

CREATE TABLE wanted (
  profile INTEGER NOT NULL REFERENCES profile (key) ON DELETE CASCADE,
  paper   TEXT NOT NULL,
  record  TEXT NOT NULL CHECK (json_valid(record)),
  PRIMARY KEY (profile, paper)
) STRICT, WITHOUT ROWID;

CREATE TABLE note (
  key   TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
