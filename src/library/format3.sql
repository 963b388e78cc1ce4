-- Format 3: which papers have which words, written by the program from the papers; authors who are followed.
CREATE TABLE word (
  block  INTEGER NOT NULL,
  term   TEXT NOT NULL,
  papers BLOB NOT NULL,
  PRIMARY KEY (block, term)
) STRICT, WITHOUT ROWID;

CREATE TABLE bag (
  row   INTEGER PRIMARY KEY REFERENCES paper (row) ON DELETE CASCADE,
  terms BLOB NOT NULL
) STRICT;

CREATE TABLE followed (
  profile INTEGER NOT NULL REFERENCES profile (key) ON DELETE CASCADE,
  author  TEXT NOT NULL COLLATE NOCASE,
  PRIMARY KEY (profile, author)
) STRICT, WITHOUT ROWID;
