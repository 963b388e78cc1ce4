-- Format 11: imports can be taken back, digests know what they had, and papers that are not in the library keep their
-- embeddings.
CREATE TABLE import (
  number  INTEGER PRIMARY KEY AUTOINCREMENT,
  profile INTEGER NOT NULL REFERENCES profile (key) ON DELETE CASCADE,
  on_day  TEXT NOT NULL
) STRICT;
CREATE INDEX import_profile ON import (profile);
ALTER TABLE history ADD COLUMN import INTEGER REFERENCES import (number) ON DELETE SET NULL;
CREATE INDEX history_import ON history (import) WHERE import IS NOT NULL;

CREATE TABLE digest_entry (
  profile INTEGER NOT NULL REFERENCES profile (key) ON DELETE CASCADE,
  paper   TEXT NOT NULL,
  on_day  TEXT NOT NULL,
  PRIMARY KEY (profile, paper)
) STRICT, WITHOUT ROWID;

ALTER TABLE unresolved_paper ADD COLUMN model INTEGER REFERENCES model (key) ON DELETE SET NULL;
ALTER TABLE unresolved_paper ADD COLUMN vector BLOB;
