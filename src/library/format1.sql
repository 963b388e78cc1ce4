-- Format 1: the tables of an empty file. docs/format.md says what each column means.
CREATE TABLE model (
  key         INTEGER PRIMARY KEY,
  name        TEXT NOT NULL,
  fingerprint TEXT NOT NULL UNIQUE,
  dimension   INTEGER NOT NULL CHECK (dimension > 0)
) STRICT;

CREATE TABLE library (
  only        INTEGER PRIMARY KEY CHECK (only = 1),
  generation  INTEGER NOT NULL,
  model       INTEGER REFERENCES model (key)
) STRICT;
INSERT INTO library VALUES (1, 0, NULL);

CREATE TABLE paper (
  row          INTEGER PRIMARY KEY AUTOINCREMENT,
  id           TEXT NOT NULL UNIQUE,
  title        TEXT NOT NULL,
  title_key    TEXT NOT NULL,
  abstract     TEXT NOT NULL,
  authors      TEXT NOT NULL CHECK (json_valid(authors)),
  author_count INTEGER,
  published    TEXT,
  listed       TEXT,
  votes        INTEGER,
  comments     INTEGER,
  categories   TEXT NOT NULL CHECK (json_valid(categories)),
  source       TEXT NOT NULL,
  url          TEXT,
  added        INTEGER NOT NULL
) STRICT;
CREATE INDEX paper_title ON paper (title_key);
CREATE INDEX paper_added ON paper (added);

CREATE TABLE embedding (
  row    INTEGER NOT NULL REFERENCES paper (row) ON DELETE CASCADE,
  model  INTEGER NOT NULL REFERENCES model (key),
  vector BLOB NOT NULL,
  UNIQUE (row, model)
) STRICT;

CREATE TABLE profile (
  key           INTEGER PRIMARY KEY,
  name          TEXT NOT NULL UNIQUE,
  looked        INTEGER NOT NULL DEFAULT 0,
  looked_before INTEGER NOT NULL DEFAULT 0,
  looked_on     TEXT
) STRICT;

CREATE TABLE history (
  profile INTEGER NOT NULL REFERENCES profile (key) ON DELETE CASCADE,
  paper   TEXT NOT NULL,
  kind    TEXT NOT NULL CHECK (kind IN ('read', 'like', 'dislike')),
  weight  REAL NOT NULL CHECK (weight > 0),
  at      TEXT NOT NULL,
  PRIMARY KEY (profile, paper)
) STRICT, WITHOUT ROWID;

CREATE TABLE shown (
  profile INTEGER NOT NULL REFERENCES profile (key) ON DELETE CASCADE,
  paper   TEXT NOT NULL,
  on_day  TEXT NOT NULL,
  PRIMARY KEY (profile, paper)
) STRICT, WITHOUT ROWID;
