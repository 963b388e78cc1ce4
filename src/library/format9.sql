-- Format 9: which works cite which: papers of the library, and what is known of others.
CREATE TABLE work (
  number    INTEGER PRIMARY KEY AUTOINCREMENT,
  id        TEXT NOT NULL UNIQUE,
  title_key TEXT,
  author    TEXT,
  year      INTEGER,
  text      TEXT,
  paper     INTEGER REFERENCES paper (row) ON DELETE SET NULL,
  written   INTEGER NOT NULL
) STRICT;
CREATE INDEX work_title ON work (title_key) WHERE title_key IS NOT NULL;
CREATE INDEX work_paper ON work (paper) WHERE paper IS NOT NULL;
CREATE INDEX work_written ON work (written);

CREATE TABLE work_alias (
  name TEXT NOT NULL,
  work INTEGER NOT NULL REFERENCES work (number) ON DELETE CASCADE,
  PRIMARY KEY (name, work)
) STRICT, WITHOUT ROWID;
CREATE INDEX work_alias_work ON work_alias (work);

CREATE TABLE citation (
  citing  INTEGER NOT NULL REFERENCES work (number),
  cited   INTEGER NOT NULL REFERENCES work (number),
  written INTEGER NOT NULL,
  PRIMARY KEY (citing, cited)
) STRICT, WITHOUT ROWID;
CREATE INDEX citation_cited ON citation (cited);
CREATE INDEX citation_written ON citation (written);
