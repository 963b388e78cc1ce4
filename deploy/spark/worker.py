"""What the jobs share: a paperkin process for each partition, and shards that are written whole or not at all."""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import threading

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs, types
from pyspark import cloudpickle

# Executors do not have this file: its functions travel with the job.
cloudpickle.register_pickle_by_value(sys.modules[__name__])
MARK = "paperkin job: "

# Types of columns.
TEXT = [types.is_string, types.is_large_string]
ID = [types.is_integer, *TEXT]
LIST = [types.is_list, types.is_large_list, types.is_fixed_size_list]


def options(text):
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--paperkin", default="paperkin", help="the program, as it is called on the executors")
    parser.add_argument("--threads", default="1", help="threads of each process, as spark.task.cpus [default: 1]")
    parser.add_argument("--partitions", type=int, help="parts of a shard, for as many cores [default: as it is stored]")
    return parser


def through(command, threads):
    """Returns a function for `mapInArrow` that sends the rows of a partition through a command."""

    def partition(batches):
        first = next(batches, None)
        if first is None:
            return
        said, broken = tempfile.TemporaryFile(), []
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": said}
        try:
            process = subprocess.Popen(command, env={**os.environ, "RAYON_NUM_THREADS": threads}, **pipes)
        except OSError as error:
            raise RuntimeError(f"{MARK}{command[0]}: {error.strerror}: name it with --paperkin") from None

        def feed():  # In a thread of its own: else both pipes fill, and both sides wait.
            try:
                with process.stdin, pa.ipc.new_stream(process.stdin, first.schema) as rows:
                    rows.write_batch(first)
                    for batch in batches:
                        rows.write_batch(batch)
            except Exception as error:
                broken.append(error)
                process.kill()

        feeder = threading.Thread(target=feed, daemon=True)
        feeder.start()
        try:
            yield from pa.ipc.open_stream(process.stdout)
        except GeneratorExit:
            process.kill()
            raise
        except pa.ArrowInvalid as error:
            broken.append(error)
        feeder.join()
        if process.wait() > 0:
            said.seek(0)
            reason = re.search("^error: (.*)", said.read().decode(errors="replace"), re.MULTILINE)
            raise RuntimeError(MARK + (reason[1] if reason else f"{command[0]} ended with {process.returncode}"))
        if broken:
            raise broken[0]

    return partition


def place(path):
    """The type of arguments that are folders: the driver may stand elsewhere."""
    return path.rstrip("/") if "://" in path else os.path.abspath(path)


def shards(folder):
    """Returns the Parquet files, or directories of such, in a folder: their paths by their names."""
    system, path = fs.FileSystem.from_uri(folder)
    try:
        names = [info.base_name for info in system.get_file_info(fs.FileSelector(path))]
    except OSError as error:
        sys.exit(f"error: {folder}: {error}")
    names = [name for name in sorted(names) if not name.startswith(("_", "."))]
    return {name: f"{folder}/{name}" for name in names} or sys.exit(f"error: {folder}: no shards in it")


def check(shard, columns):
    """Ends the job where a shard is not Parquet, or a column is missing or of another type."""
    try:
        schema = pq.ParquetDataset(shard).schema
    except (OSError, pa.ArrowException) as error:
        sys.exit(f"error: {shard}: not Parquet: {str(error).splitlines()[0]}")
    for name, kinds in columns.items():
        if name not in schema.names:
            sys.exit(f"error: {shard}: no column `{name}`: the columns are {', '.join(schema.names)}")
        if not any(is_kind(schema.field(name).type) for is_kind in kinds):
            sys.exit(f"error: {shard}: column `{name}` has the type {schema.field(name).type}")


def is_done(path):
    system, local = fs.FileSystem.from_uri(path)
    return system.get_file_info(f"{local}/_SUCCESS").type == fs.FileType.File


def write(frame, path):
    """Writes a shard, and marks it as done, as Spark does and Sail does not. What fails on an executor is one line."""
    try:
        frame.write.mode("overwrite").parquet(path)
    except Exception as error:
        said = re.search(MARK + "(.*)", str(error))
        sys.exit(f"error: {path}: {said[1] if said else str(error).splitlines()[0]}")
    system, local = fs.FileSystem.from_uri(path)
    system.open_output_stream(f"{local}/_SUCCESS").close()
