-- Format 2: a reader can ask what changed since it read last, and papers can be removed.
CREATE TABLE generation (
  number INTEGER PRIMARY KEY,
  stamp  BLOB NOT NULL CHECK (length(stamp) = 16)
) STRICT;
INSERT INTO generation SELECT generation, randomblob(16) FROM library;
ALTER TABLE library DROP COLUMN generation;

CREATE TABLE removed (
  row        INTEGER PRIMARY KEY,
  generation INTEGER NOT NULL
) STRICT;

ALTER TABLE embedding RENAME TO embedding_before;
CREATE TABLE embedding (
  row     INTEGER NOT NULL REFERENCES paper (row) ON DELETE CASCADE,
  model   INTEGER NOT NULL REFERENCES model (key),
  written INTEGER NOT NULL,
  vector  BLOB NOT NULL,
  UNIQUE (row, model)
) STRICT;
INSERT INTO embedding
  SELECT row, model, (SELECT max(number) FROM generation), vector FROM embedding_before ORDER BY row;
DROP TABLE embedding_before;
CREATE INDEX embedding_written ON embedding (model, written, row);
