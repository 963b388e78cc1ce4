-- One of the servers that share the embeddings of a library, each in a database of its own: run by `psql` on each, in the schema
-- that the library has (`public`, unless its address names another). docs/scale.md has the whole procedure.
CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public;

CREATE TABLE embedding (
  row     BIGINT NOT NULL,
  model   BIGINT NOT NULL,
  written BIGINT NOT NULL,
  vector  public.VECTOR NOT NULL,
  PRIMARY KEY (row, model)
);
CREATE INDEX embedding_written ON embedding (model, written, row);
