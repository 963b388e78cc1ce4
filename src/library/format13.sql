-- Format 13: checksums of papers and embeddings, which the program writes: what changed them since shows.
CREATE TABLE paper_checksum (
  row INTEGER PRIMARY KEY REFERENCES paper (row) ON DELETE CASCADE,
  crc INTEGER NOT NULL CHECK (crc BETWEEN 0 AND 4294967295)
) STRICT;

CREATE TABLE embedding_checksum (
  row   INTEGER NOT NULL,
  model INTEGER NOT NULL,
  crc   INTEGER NOT NULL CHECK (crc BETWEEN 0 AND 4294967295),
  PRIMARY KEY (row, model),
  FOREIGN KEY (row, model) REFERENCES embedding (row, model) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
