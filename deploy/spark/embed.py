"""Embeds the papers of Parquet shards: `id`, `title`, `abstract` in; `id`, `vector`, `fingerprint`, `error` out.

    spark-submit deploy/spark/embed.py PAPERS VECTORS

Each shard of PAPERS, a file or a directory of files, becomes a directory of the same name in VECTORS. One that is there
whole is not made again, so a job that was killed resumes when it is started again. A paper without a text has an `error`.
"""

from concurrent.futures import ThreadPoolExecutor

import worker
from pyspark.sql import SparkSession


def main():
    parser = worker.options(__doc__)
    parser.add_argument("papers", type=worker.place)
    parser.add_argument("vectors", type=worker.place)
    parser.add_argument("--cpu", help="instruction set, the same on all machines: vectors differ in their last digits")
    parser.add_argument("--model", help="a directory on the executors, or a name [default: the one built in]")
    parser.add_argument("--jobs", type=int, default=2, help="shards at a time [default: 2]")
    options = parser.parse_args()
    spark = SparkSession.builder.appName("paperkin embed").getOrCreate()
    command = [options.paperkin, "embed", "--stream"]
    command += [f"--{name}={value}" for name in ("cpu", "model") if (value := getattr(options, name))]

    def embed(shard, path):
        out = f"{options.vectors}/{shard}"
        if worker.is_done(out):
            return
        worker.check(path, {"id": worker.ID, "title": worker.TEXT, "abstract": worker.TEXT})
        papers = spark.read.parquet(path).select("id", "title", "abstract")
        if options.partitions:
            papers = papers.repartition(options.partitions)
        kind = papers.schema["id"].dataType.simpleString()
        schema = f"id {kind}, vector array<float>, fingerprint string, error string"
        worker.write(papers.mapInArrow(worker.through(command, options.threads), schema), out)

    jobs = ThreadPoolExecutor(options.jobs)
    try:
        for job in [jobs.submit(embed, *shard) for shard in worker.shards(options.papers).items()]:
            job.result()
    finally:
        jobs.shutdown(cancel_futures=True)


if __name__ == "__main__":
    main()
