-- Format 3: which papers have which words. The rows are written by the program, from the papers.
CREATE TABLE word (
  block  INTEGER NOT NULL,
  term   TEXT NOT NULL,
  papers BLOB NOT NULL,
  PRIMARY KEY (block, term)
) STRICT, WITHOUT ROWID;
