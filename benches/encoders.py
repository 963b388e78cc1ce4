"""Compares `paperkin.Encoder` with sentence-transformers (PyTorch) and fastembed (ONNX Runtime), on the CPU.

    pip install paperkin sentence-transformers fastembed onnx
    python benches/encoders.py MODEL [PAPERS.jsonl.gz]

MODEL is a directory with the published all-MiniLM-L6-v2, for the two others: paperkin has its own int8 copy inside. For
fastembed, the same weights are written as ONNX, with the fused operators of ONNX Runtime. PAPERS are JSON lines with `title`
and `abstract`; without them, texts are drawn from a list of words.

The three take turns. Each encodes the same texts, cut off at 256 tokens, with the same number of threads; the others with
their default batch size, and with the best of a few small ones. Rates are medians, and ratios are medians of turns, with the
lowest and the highest. Processor time is that of all threads: it is less disturbed by other work on the machine. Needs Linux.
"""

import argparse
import gzip
import importlib.metadata
import itertools
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile
import time

ENGINES = {"paperkin": "paperkin", "sentence-transformers": "sentence_transformers", "fastembed": "fastembed"}
#: The batch sizes of the others when none is given.
DEFAULT_SIZES = {"sentence-transformers": 32, "fastembed": 256}
SMALL_SIZES = (1, 4, 16)
TOKENS = 256
WORDS = """
    we they this that these which our its the the the a a an of of of in in for for with on by from to to and and and or not
    is are was were has have can may show shows propose introduce study present find measure compare train learn predict
    explain reduce improve extend estimate reveal model models method methods data dataset datasets network networks language
    image images graph graphs protein proteins cell cells galaxy star stars quantum magnetic neural deep sparse robust linear
    nonlinear large small fast efficient scalable accurate novel simple general probabilistic Bayesian causal temporal spatial
    attention transformer encoder gradient optimization inference sampling regression classification segmentation retrieval
    recommendation ranking simulation experiment experiments benchmark benchmarks baseline results evidence framework theory
    theorem bound bounds error errors noise signal variance distribution energy temperature field fields phase transition
    state states robot robots climate patients clinical genome sequence sequences vision speech translation question answering
    agents reward policy reinforcement diffusion generative adversarial representation representations embedding embeddings
    however moreover therefore across between under without while both each more less than first second recent previous
""".split()


def made_up_texts(count):
    """Texts of more than 256 tokens, from words of abstracts."""
    draw = random.Random(1)

    def sentence():
        return " ".join(draw.choices(WORDS, k=draw.randint(12, 24))).capitalize() + "."

    return [" ".join(sentence() for _ in range(20)) for _ in range(count)]


def texts_of(papers, count):
    if papers is None:
        return made_up_texts(count)
    with (gzip.open if papers.endswith(".gz") else open)(papers, "rt", encoding="utf-8") as lines:
        read = (json.loads(line) for line in itertools.islice(lines, count))
        return [f"{paper['title']}. {paper['abstract']}" for paper in read]


def write_onnx(model, out):
    """Writes the weights of a BERT model as a graph of the operators that ONNX Runtime has for BERT."""
    import numpy
    import onnx
    from safetensors.numpy import load_file

    config = json.loads((model / "config.json").read_text())
    weights = load_file(model / "model.safetensors")
    nodes, constants = [], []

    def constant(name, values):
        constants.append(onnx.numpy_helper.from_array(numpy.ascontiguousarray(values), name))
        return name

    def weight(name):
        return constant(name, weights[name])

    def matrix(name):
        return constant(name, weights[name].T)

    def node(operator, inputs, *outputs, domain="com.microsoft", **attributes):
        nodes.append(onnx.helper.make_node(operator, inputs, outputs, domain=domain, **attributes))
        return outputs[0]

    def norm(prefix, values, residual, bias, out):
        inputs = [values, residual, weight(f"{prefix}.weight"), weight(f"{prefix}.bias"), weight(bias)]
        return node("SkipLayerNormalization", inputs, out, epsilon=config["layer_norm_eps"])

    names = ("input_ids", "token_type_ids", "attention_mask")
    ids, types, mask = (node("Cast", [name], f"{name}.i32", domain="", to=onnx.TensorProto.INT32) for name in names)
    tables = [f"embeddings.{name}_embeddings.weight" for name in ("word", "position", "token_type")]
    inputs = [ids, types, *map(weight, tables), weight("embeddings.LayerNorm.weight"), weight("embeddings.LayerNorm.bias")]
    rows = node("EmbedLayerNormalization", inputs, "embedded", "unused", epsilon=config["layer_norm_eps"])
    for number in range(config["num_hidden_layers"]):
        layer = f"encoder.layer.{number}"
        parts = [f"{layer}.attention.self.{name}" for name in ("query", "key", "value")]
        product = constant(f"{layer}.qkv", numpy.concatenate([weights[f"{part}.weight"].T for part in parts], axis=1))
        bias = constant(f"{layer}.qkv.bias", numpy.concatenate([weights[f"{part}.bias"] for part in parts]))
        heads = config["num_attention_heads"]
        attended = node("Attention", [rows, product, bias, mask], f"{layer}.attended", num_heads=heads)
        dense = f"{layer}.attention.output.dense"
        projected = node("MatMul", [attended, matrix(f"{dense}.weight")], f"{layer}.projected", domain="")
        middle = norm(f"{layer}.attention.output.LayerNorm", projected, rows, f"{dense}.bias", f"{layer}.middle")
        dense = f"{layer}.intermediate.dense"
        wide = node("MatMul", [middle, matrix(f"{dense}.weight")], f"{layer}.wide", domain="")
        active = node("BiasGelu", [wide, weight(f"{dense}.bias")], f"{layer}.active")
        dense = f"{layer}.output.dense"
        narrow = node("MatMul", [active, matrix(f"{dense}.weight")], f"{layer}.narrow", domain="")
        rows = norm(f"{layer}.output.LayerNorm", narrow, middle, f"{dense}.bias", f"{layer}.out")
    value, shape, kinds = onnx.helper.make_tensor_value_info, ["batch", "length"], onnx.TensorProto
    given = [value(name, kinds.INT64, shape) for name in names]
    graph = onnx.helper.make_graph(nodes, "bert", given, [value(rows, kinds.FLOAT, [*shape, config["hidden_size"]])], constants)
    versions = [onnx.helper.make_opsetid("", 17), onnx.helper.make_opsetid("com.microsoft", 1)]
    onnx.save(onnx.helper.make_model(graph, opset_imports=versions, ir_version=9), out / "model.onnx")
    for name in ("config.json", "tokenizer.json", "special_tokens_map.json"):
        (out / name).write_bytes((model / name).read_bytes())
    settings = json.loads((model / "tokenizer_config.json").read_text())
    (out / "tokenizer_config.json").write_text(json.dumps({**settings, "model_max_length": TOKENS}))


def opened(engine, model, threads):
    """An engine as a function of texts and a batch size."""
    if engine == "paperkin":
        import paperkin

        return paperkin.Encoder().encode
    if engine == "sentence-transformers":
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(threads)
        return SentenceTransformer(model, device="cpu").encode
    import numpy
    from fastembed import TextEmbedding
    from fastembed.common.model_description import ModelSource, PoolingType

    TextEmbedding.add_custom_model(
        "all-MiniLM-L6-v2", PoolingType.MEAN, True, ModelSource(url="none"), 384, model_file="model.onnx")
    encoder = TextEmbedding("all-MiniLM-L6-v2", specific_model_path=model, threads=threads)
    return lambda texts, batch_size=256: numpy.stack(list(encoder.embed(texts, batch_size)))


def peak_memory():
    """In MB, of this process."""
    [line] = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]
    return int(line.split()[1]) / 1024


def first_embedding(engine, model, threads):
    begin = time.perf_counter()
    __import__(ENGINES[engine])
    imported = time.perf_counter() - begin
    opened(engine, model, threads)(["Robots that walk on soft ground"])
    print(json.dumps({"import": imported, "memory": peak_memory()}), flush=True)


def work(engine, model, threads):
    """Encodes the texts of its first line, whenever a line with a batch size comes."""
    texts = json.loads(sys.stdin.readline())
    encode = opened(engine, model, threads)
    encode(texts[:8])
    for line in sys.stdin:
        size, out = json.loads(line)
        begin, begin_processor = time.perf_counter(), time.process_time()
        vectors = encode(texts, **({"batch_size": size} if size else {}))
        taken, processor = time.perf_counter() - begin, time.process_time() - begin_processor
        if out:
            import numpy

            numpy.save(out, vectors)
        print(json.dumps({"seconds": taken, "processor": processor, "memory": peak_memory()}), flush=True)


class Worker:
    """A process in which one engine encodes."""

    def __init__(self, engine, model, threads, texts):
        self.process = started("--work", engine, model, threads)
        self.process.stdin.write(json.dumps(texts) + "\n")

    def run(self, size, out=None):
        self.process.stdin.write(json.dumps([size, out and str(out)]) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def best_size(engine, model, threads, texts):
    """The small batch size with which an engine needs the least processor time."""
    worker = Worker(engine, model, threads, texts)
    size = min(SMALL_SIZES, key=lambda size: worker.run(size)["processor"])
    worker.close()
    return size


def started(task, engine, model, threads):
    names = ("OMP_NUM_THREADS", "RAYON_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    environment = {**os.environ, **dict.fromkeys(names, str(threads)), "HF_HUB_OFFLINE": "1"}
    return subprocess.Popen(
        [sys.executable, __file__, task, engine, model, str(threads)], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)


def installed_size(package):
    """In MB, of a package and all that it requires: without, and with the libraries for GPUs that PyTorch requires."""
    from packaging.requirements import Requirement

    sizes, waiting = {}, [package]
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in sizes:
            continue
        distribution = importlib.metadata.distribution(name)
        files = [pathlib.Path(distribution.locate_file(file)) for file in distribution.files or []]
        sizes[name] = sum(file.stat().st_size for file in files if file.is_file()) / 1e6
        required = map(Requirement, distribution.requires or [])
        waiting += [need.name for need in required if need.marker is None or need.marker.evaluate({"extra": ""})]
        if name == "cuda-toolkit":  # its parts are extras
            waiting += [d.name for d in importlib.metadata.distributions() if d.name.startswith("nvidia-")]
    for_gpus = sum(size for name, size in sizes.items() if name.startswith(("nvidia-", "cuda-", "triton")))
    return round(sum(sizes.values()) - for_gpus), round(sum(sizes.values()))


def spread(values, digits=2):
    return f"{statistics.median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def print_table(header, rows):
    for row in (header, ["---"] * len(header), *rows):
        print("|", " | ".join(map(str, row)), "|")
    print()


def compare_starts(models, rounds):
    rows = {engine: [] for engine in ENGINES}
    for _ in range(rounds):
        for engine in ENGINES:
            begin = time.perf_counter()
            process = started("--first", engine, models[engine], 2)
            answer = json.loads(process.stdout.readline())
            rows[engine].append((answer["import"], time.perf_counter() - begin, answer["memory"]))
            process.stdin.close()
            process.wait()
    medians = {engine: [statistics.median(column) for column in zip(*runs)] for engine, runs in rows.items()}
    print_table(
        ["", "import, s", "process start to first embedding, s", "memory, MB", "installed, MB", "with its GPU libraries, MB"],
        [[engine, f"{imported:.2f}", f"{first:.2f}", round(memory), *installed_size(engine)]
         for engine, (imported, first, memory) in medians.items()])


def compare_rates(models, texts, threads, rounds, directory):
    turns = [("paperkin", None)]
    for engine, size in DEFAULT_SIZES.items():
        turns += [(engine, size), (engine, best_size(engine, models[engine], threads, texts[:16]))]
    workers = {turn: Worker(turn[0], models[turn[0]], threads, texts) for turn in turns}
    runs = {turn: [] for turn in turns}
    for _ in range(rounds):
        for (engine, size), worker in workers.items():
            runs[engine, size].append(worker.run(size, out=directory / f"{engine}.npy"))
            time.sleep(0.2)  # until the threads that wait for more have gone to sleep
    for worker in workers.values():
        worker.close()

    def ratios(turn, what):
        return spread([theirs[what] / ours[what] for theirs, ours in zip(runs[turn], runs["paperkin", None])])

    rows = []
    for (engine, size), answers in runs.items():
        rate = len(texts) / statistics.median(answer["seconds"] for answer in answers)
        compared = [ratios((engine, size), what) if size else "1" for what in ("seconds", "processor")]
        default = ", the default" if size == DEFAULT_SIZES.get(engine) else ""
        name = f"{engine}, batches of {size}{default}" if size else engine
        rows.append([name, f"{rate:.1f}", *compared, round(max(answer["memory"] for answer in answers))])
    unit = "1 thread" if threads == 1 else f"{threads} threads"
    print_table([unit, "texts/s", "time, paperkin = 1", "processor time", "peak memory, MB"], rows)


def compare_vectors(directory):
    import numpy

    vectors = {engine: numpy.load(directory / f"{engine}.npy") for engine in ENGINES}
    for one, other in itertools.combinations(ENGINES, 2):
        cosines = (vectors[one] * vectors[other]).sum(axis=1)
        print(f"cosine of {one} and {other}: mean {cosines.mean():.5f}, min {cosines.min():.5f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path, help="directory of the published model")
    parser.add_argument("papers", nargs="?", help="JSON lines with title and abstract")
    parser.add_argument("--texts", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    args = parser.parse_args()
    texts = texts_of(args.papers, args.texts)
    [processor] = {line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")}
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in (*ENGINES, "torch", "onnxruntime"))
    print(f"{processor}; {versions}; {len(texts)} texts\n")
    with tempfile.TemporaryDirectory() as directory:
        directory = pathlib.Path(directory)
        write_onnx(args.model, directory)
        models = {"paperkin": "-", "sentence-transformers": str(args.model), "fastembed": str(directory)}
        compare_starts(models, args.rounds)
        for threads in args.threads:
            compare_rates(models, texts, threads, args.rounds, directory)
        compare_vectors(directory)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--work"]:
        work(*sys.argv[2:4], int(sys.argv[4]))
    elif sys.argv[1:2] == ["--first"]:
        first_embedding(*sys.argv[2:4], int(sys.argv[4]))
    else:
        main()
