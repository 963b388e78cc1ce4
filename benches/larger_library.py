"""Makes a larger collection of papers from a real one, to measure how costs grow.

    paperkin export --papers --embeddings --format parquet --out real.parquet
    python benches/larger_library.py real.parquet 1000000 larger.parquet
    paperkin --library larger add larger.parquet --vectors

The first papers are the real ones. Each other one is a copy of a real one, in turn, with another ID, in which

- three words in ten of the title and the abstract are words of the abstract of another paper, which is drawn at random;
- the day of publication is that of this other paper, and so is a third of the authors;
- the vector has Gaussian noise of length 0.5 added, and is normalized again.

Draws are seeded: the same input gives the same output. Needs pyarrow and numpy.
"""

import random
import sys

import numpy
import pyarrow
import pyarrow.parquet

NOISE = 0.5
OTHER_WORDS = 0.3
BATCH = 10_000
FINGERPRINT = b"paperkin.fingerprint"


def mixed(text, words, draw):
    return " ".join(draw.choice(words) if draw.random() < OTHER_WORDS else word for word in text.split())


def copy_of(paper, other, number, draw):
    words = other["abstract"].split() or other["title"].split()
    authors = [other["authors"][i % len(other["authors"])] if other["authors"] and draw.random() < 1 / 3 else name
               for i, name in enumerate(paper["authors"])]
    return {**paper, "id": f"copy-{number}", "title": f"{mixed(paper['title'], words, draw)} {number}",
            "abstract": mixed(paper["abstract"], words, draw), "authors": authors, "published": other["published"]}


def main(real, count, out):
    table = pyarrow.parquet.read_table(
        real, columns=["id", "title", "abstract", "authors", "published", "categories", "source", "embedding"])
    fingerprint = (table.schema.metadata or {}).get(FINGERPRINT)
    if fingerprint is None:
        sys.exit(f"{real}: does not say which model made the vectors: export it again")
    vectors = numpy.stack(table.column("embedding").to_numpy()).astype(numpy.float32)
    papers = table.drop_columns(["embedding"]).to_pylist()
    draw, noise = random.Random(1), numpy.random.default_rng(1)
    dimension = vectors.shape[1]
    schema = table.drop_columns(["embedding"]).schema
    schema = schema.append(pyarrow.field("vector", pyarrow.list_(pyarrow.float32())))
    schema = schema.with_metadata({FINGERPRINT: fingerprint})
    with pyarrow.parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for start in range(0, count, BATCH):
            numbers = range(start, min(start + BATCH, count))
            places = [number % len(papers) for number in numbers]
            rows = [papers[place] if number < len(papers) else copy_of(papers[place], draw.choice(papers), number, draw)
                    for number, place in zip(numbers, places)]
            changed = vectors[places]
            is_copy = numpy.array(numbers) >= len(papers)
            added = noise.standard_normal(changed.shape, dtype=numpy.float32)
            added *= NOISE / numpy.linalg.norm(added, axis=1, keepdims=True)
            changed[is_copy] += added[is_copy]
            changed /= numpy.linalg.norm(changed, axis=1, keepdims=True)
            flat = pyarrow.array(changed.reshape(-1))
            offsets = pyarrow.array(numpy.arange(len(rows) + 1, dtype=numpy.int32) * dimension)
            columns = pyarrow.Table.from_pylist(rows, schema=schema.remove(len(schema) - 1)).columns
            writer.write_table(pyarrow.Table.from_arrays(
                [*columns, pyarrow.ListArray.from_arrays(offsets, flat)], schema=schema))


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
