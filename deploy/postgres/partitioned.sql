-- Spreads the embeddings of a new library over three servers: run by `psql` on the server of the library, before papers are
-- added. The foreign servers `part_0` to `part_2` have to be there. docs/scale.md has the whole procedure.
--
-- A table with partitions on other servers has neither unique keys nor references. What these did, triggers do: the embeddings
-- of a removed paper go with it, and the checksum of an embedding goes with it.
BEGIN;
ALTER TABLE embedding_checksum DROP CONSTRAINT embedding_checksum_row_model_fkey;
DROP TABLE embedding;

CREATE TABLE embedding (
  row     BIGINT NOT NULL,
  model   BIGINT NOT NULL,
  written BIGINT NOT NULL,
  vector  VECTOR NOT NULL
) PARTITION BY HASH (row);
CREATE FOREIGN TABLE embedding_0 PARTITION OF embedding FOR VALUES WITH (MODULUS 3, REMAINDER 0)
  SERVER part_0 OPTIONS (table_name 'embedding');
CREATE FOREIGN TABLE embedding_1 PARTITION OF embedding FOR VALUES WITH (MODULUS 3, REMAINDER 1)
  SERVER part_1 OPTIONS (table_name 'embedding');
CREATE FOREIGN TABLE embedding_2 PARTITION OF embedding FOR VALUES WITH (MODULUS 3, REMAINDER 2)
  SERVER part_2 OPTIONS (table_name 'embedding');

CREATE FUNCTION forget_embeddings() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM embedding WHERE row = OLD.row;
  RETURN NULL;
END
$$;
CREATE TRIGGER forget_embeddings AFTER DELETE ON paper FOR EACH ROW EXECUTE FUNCTION forget_embeddings();

CREATE FUNCTION forget_checksum() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM embedding_checksum WHERE row = OLD.row AND model = OLD.model;
  RETURN NULL;
END
$$;
CREATE TRIGGER forget_checksum AFTER DELETE ON embedding FOR EACH ROW EXECUTE FUNCTION forget_checksum();
COMMIT;
