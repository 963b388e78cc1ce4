"""The checks and measurements of `benches/gpu.sh`, which says how to run them. Needs no package; compares with
sentence-transformers if it is installed."""

import argparse
import array
import gzip
import itertools
import json
import math
import pathlib
import statistics
import subprocess
import sys
import tempfile
import threading
import time

#: The least cosines to the embeddings that the CPU computes in f32.
LEAST_COSINES = {"f32": 0.9999, "bf16": 0.999}
#: Word pieces in one pass of the network.
BATCHES = (4096, 16384, 65536)
#: Texts in one pass of sentence-transformers.
TEXTS_AT_ONCE = (32, 128, 512)
TOKENS = 256


class Failure(Exception):
    """A check that did not pass."""


def gpu_memory_mib():
    """What all processes together hold of the first GPU."""
    command = ["nvidia-smi", "--id=0", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    return int(subprocess.check_output(command, text=True).split()[0])


def measured(command):
    """Runs a command: the JSON of its last line, and the most memory of the GPU while it ran, in MiB."""
    before, most, done = gpu_memory_mib(), 0, threading.Event()

    def watch():
        nonlocal most
        while not done.wait(0.05):
            most = max(most, gpu_memory_mib())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        run = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    finally:
        done.set()
        watcher.join()
    if run.returncode != 0:
        raise Failure(f"{' '.join(command)}: exit code {run.returncode}: {run.stderr.strip()}")
    return json.loads(run.stdout.splitlines()[-1]), max(0, most - before)


def vectors(path, size=384):
    numbers = array.array("f", path.read_bytes())
    return [numbers[start : start + size] for start in range(0, len(numbers), size)]


def cosine(a, b):
    return sum(map(lambda x, y: x * y, a, b)) / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))


def of_paperkin(options, precision, texts, *more):
    program = str(options.programs / "encode_throughput")
    model = ["--model", str(options.model.resolve())]
    return [program, str(texts), "--precision", precision, *model, "--limit", str(options.limit), *map(str, more)]


def check_embeddings(options, folder, texts):
    """The GPU against the CPU in f32: many texts of all lengths."""
    rows = {}
    for device, precision in [("cpu", "f32"), ("cuda", "f32"), ("cuda", "bf16")]:
        out = folder / f"{device}-{precision}.f32"
        found, _ = measured(of_paperkin(options, precision, texts, "--device", device, "--repeats", 1, "--out", out,
                                        "--limit", options.checked))
        if found["device"] != device or found["engine"] != f"paperkin-{precision}":
            raise Failure(f"asked for {precision} on {device}, and got {found['engine']} on {found['device']}")
        rows[device, precision] = vectors(out)
    for precision, least in LEAST_COSINES.items():
        cosines = list(map(cosine, rows["cpu", "f32"], rows["cuda", precision]))
        print(f"{precision} to f32 on the CPU, {len(cosines)} texts: cosine {min(cosines):.6f} at least, "
              f"{statistics.mean(cosines):.6f} on average", flush=True)
        if not min(cosines) >= least:
            raise Failure(f"{precision}: a cosine of {min(cosines)}, and {least} is the least")


def show(name, batch, precision, run, memory):
    print(f"{name:24} {batch:>14} {precision:>5} {run['docs_per_s']:>12.1f} {memory:>10}", flush=True)


def measure(options, texts):
    print(f"\n{'':24} {'batch':>14} {'':>5} {'abstracts/s':>12} {'GPU, MiB':>10}")
    for _, precision, batch in itertools.product(range(options.rounds), LEAST_COSINES, BATCHES):
        more = ["--device", "cuda", "--batch", batch, "--threads", options.threads]
        show("paperkin", f"{batch} pieces", precision, *measured(of_paperkin(options, precision, texts, *more)))
    if subprocess.run([sys.executable, "-c", "import sentence_transformers"], capture_output=True).returncode != 0:
        print("skipped: sentence-transformers is not installed")
        return
    for _, precision, batch in itertools.product(range(options.rounds), LEAST_COSINES, TEXTS_AT_ONCE):
        command = [sys.executable, __file__, "--child", precision, str(batch), str(options.model), str(texts), str(options.limit)]
        show("sentence-transformers", f"{batch} texts", precision, *measured(command))


def read_texts(path, limit):
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as lines:
        read = (json.loads(line) for line in itertools.islice(lines, limit))
        return [paper.get("text") or f"{paper['title']}. {paper['abstract']}" for paper in read]


def child(precision, batch, model, texts, limit):
    """Measures sentence-transformers in a process of its own, as `encode_throughput` measures paperkin."""
    import torch
    from sentence_transformers import SentenceTransformer

    dtype = {"f32": torch.float32, "bf16": torch.bfloat16}[precision]
    encoder = SentenceTransformer(model, device="cuda").to(dtype)
    encoder.max_seq_length = TOKENS
    texts = read_texts(texts, int(limit))
    encode = lambda some: encoder.encode(some, batch_size=int(batch), normalize_embeddings=True, show_progress_bar=False)
    encode(texts[:32])
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        encode(texts)
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"docs_per_s": len(texts) / statistics.median(seconds)}))


def main():
    if sys.argv[1:2] == ["--child"]:
        return child(*sys.argv[2:])
    parser = argparse.ArgumentParser(prog="benches/gpu.sh")
    parser.add_argument("programs", type=pathlib.Path, help="directory that .ci/cuda wrote")
    parser.add_argument("model", type=pathlib.Path, help="directory with the published all-MiniLM-L6-v2")
    parser.add_argument("texts", type=pathlib.Path, help="JSON lines, also with gzip")
    parser.add_argument("--limit", type=int, default=20000, help="texts that are timed")
    parser.add_argument("--checked", type=int, default=1000, help="texts whose embeddings are compared with the CPU's")
    parser.add_argument("--threads", type=int, default=4, help="threads that make word pieces")
    parser.add_argument("--rounds", type=int, default=1, help="times that everything is measured")
    options = parser.parse_args()
    name = ["nvidia-smi", "--id=0", "--query-gpu=name,driver_version", "--format=csv,noheader"]
    print(subprocess.check_output(name, text=True).strip())
    try:
        with tempfile.TemporaryDirectory() as folder:
            check_embeddings(options, pathlib.Path(folder), options.texts)
        measure(options, options.texts)
    except Failure as failure:
        print(f"failed: {failure}")
        sys.exit(1)
    print("passed")


main()
