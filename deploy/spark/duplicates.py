"""Finds papers that are the same work: `id` and `group`, the smallest id of the papers that pairs connect.

    spark-submit deploy/spark/duplicates.py PAPERS NEIGHBORS DUPLICATES

Pairs are papers with the same title (of three words or more) or the same abstract (of 20), but for case and punctuation,
and neighbors, as neighbors.py finds them, whose cosine is at least `--threshold`. `paperkin report` also finds papers
with other ids in common, abstracts with most of their word sequences in common, and says what shows each pair and what
differs: none of this is done here. Papers with the same id are one paper.
"""

import sys

import worker
from pyspark.sql import SparkSession
from pyspark.sql import functions as f


def main():
    parser = worker.options(__doc__)
    parser.add_argument("papers", type=worker.place)
    parser.add_argument("neighbors", type=worker.place)
    parser.add_argument("duplicates", type=worker.place)
    parser.add_argument("--threshold", type=float, default=0.95, help="least cosine of a pair [default: 0.95]")
    parser.add_argument("--rounds", type=int, default=30, help="most steps between two papers of a group [default: 30]")
    options = parser.parse_args()
    spark = SparkSession.builder.appName("paperkin duplicates").getOrCreate()
    inputs = [
        (worker.shards(options.papers).values(), {"id": worker.ID, "title": worker.TEXT, "abstract": worker.TEXT}),
        (worker.shards(options.neighbors).values(), {"id": worker.ID, "neighbors": worker.LIST}),
    ]
    for paths, columns in inputs:
        for path in paths:
            worker.check(path, columns)
    papers, neighbors = [spark.read.parquet(*paths) for paths, _ in inputs]
    near = neighbors.select(f.col("id").cast("string").alias("one"), f.explode("neighbors").alias("near"))
    near = near.where(f.col("near.cosine") >= options.threshold)
    edges = near.select("one", f.col("near.id").alias("other"))
    for column, words in (("title", 3), ("abstract", 20)):
        edges = edges.unionAll(same(papers, column, words))
    edges = edges.unionAll(edges.select(f.col("other").alias("one"), f.col("one").alias("other"))).distinct()
    worker.write(edges, f"{options.duplicates}/_edges")
    edges = spark.read.parquet(f"{options.duplicates}/_edges")

    # Each paper takes the smallest label around it, until none changes. A round is written, so that plans stay short.
    labels = edges.select(f.col("one").alias("id"), f.col("one").alias("group")).distinct()
    for step in range(options.rounds):
        around = edges.join(labels, edges.other == labels.id).select(f.col("one").alias("id"), "group")
        smallest = labels.unionAll(around).groupBy("id").agg(f.min("group").alias("group"))
        worker.write(smallest, f"{options.duplicates}/_labels-{step % 2}")
        next_labels = spark.read.parquet(f"{options.duplicates}/_labels-{step % 2}")
        changed = next_labels.join(labels.withColumnRenamed("group", "before"), "id").where("group <> before").count()
        labels = next_labels
        if not changed:
            break
    else:
        sys.exit(f"error: groups still grow after {options.rounds} rounds: raise --threshold or --rounds")
    worker.write(labels, f"{options.duplicates}/groups")


def same(papers, column, words):
    """Pairs each paper with the smallest id of the papers with the same words in a column."""
    text = f.trim(f.regexp_replace(f.lower(column), r"[^\p{L}\p{N}]+", " "))
    keyed = papers.select(f.col("id").cast("string").alias("other"), text.alias("words"))
    keyed = keyed.where(f.size(f.split("words", " ")) >= words).withColumn("key", f.sha2("words", 256))
    first = keyed.groupBy("key").agg(f.min("other").alias("one"))
    return keyed.join(first, "key").where("one <> other").select("one", "other")


if __name__ == "__main__":
    main()
