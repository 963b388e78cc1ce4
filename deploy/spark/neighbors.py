"""Finds the nearest neighbors of the papers of Parquet shards: `id`, `vector` in; `id`, `neighbors`, `error` out.

    spark-submit deploy/spark/neighbors.py VECTORS NEIGHBORS

`neighbors` are structures of `id` and `cosine`, best first, exact. VECTORS is what embed.py writes, in a place that the
executors can read as files. Each process has the vectors of one block in memory, 2 kB for each: with `--blocks N` the
shards are compared block by block, and the best of all blocks are kept. Shards that are there whole are not made again.
"""

import functools

import worker
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f


def main():
    parser = worker.options(__doc__)
    parser.add_argument("vectors", type=worker.place)
    parser.add_argument("neighbors", type=worker.place)
    parser.add_argument("--among", type=worker.place, help="vectors to find neighbors among [default: VECTORS]")
    parser.add_argument("--limit", type=int, default=10, help="neighbors of a paper [default: 10]")
    parser.add_argument("--blocks", type=int, default=1, help="parts of all vectors, for memory [default: 1]")
    options = parser.parse_args()
    spark = SparkSession.builder.appName("paperkin neighbors").getOrCreate()
    base = list(worker.shards(options.among or options.vectors).values())
    blocks = [block for start in range(options.blocks) if (block := base[start :: options.blocks])]

    for shard, path in worker.shards(options.vectors).items():
        out = f"{options.neighbors}/{shard}"
        if worker.is_done(out):
            continue
        worker.check(path, {"id": worker.ID, "vector": worker.LIST, "fingerprint": worker.TEXT})
        vectors = spark.read.parquet(path).select("id", "vector", "fingerprint")
        if options.partitions:
            vectors = vectors.repartition(options.partitions)
        kind = vectors.schema["id"].dataType.simpleString()
        schema = f"id {kind}, neighbors array<struct<id: string, cosine: float>>, error string"
        command = [options.paperkin, "neighbors", "--stream", f"--limit={options.limit}"]
        commands = [command + [f"--among={path}" for path in block] for block in blocks]
        parts = [vectors.mapInArrow(worker.through(command, options.threads), schema) for command in commands]
        worker.write(parts[0] if len(parts) == 1 else best(parts, options.limit), out)


def best(parts, limit):
    """Merges the lists of all blocks: the best first, and of equal ones the smaller id."""
    rows = functools.reduce(DataFrame.unionAll, parts)
    near = rows.select("id", "error", f.explode_outer("neighbors").alias("near"))
    key = f.struct((-f.col("near.cosine")).alias("order"), f.col("near.id").alias("id"))
    all_keys = f.sort_array(f.collect_list(f.when(f.col("near").isNotNull(), key))).alias("all")
    merged = near.groupBy("id").agg(all_keys, f.max("error").alias("error"))
    found = f.transform(f.slice("all", 1, limit), lambda one: f.struct(one.id.alias("id"), (-one.order).alias("cosine")))
    return merged.select("id", f.when(f.col("error").isNull(), found).alias("neighbors"), "error")


if __name__ == "__main__":
    main()
