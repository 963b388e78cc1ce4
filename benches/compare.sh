#!/usr/bin/env bash
# How does the encoder compare with OpenVINO's int8, on this machine and on texts of your own?
#
# Runs both in turn, same texts and threads, tokenisation included, and prints the ratio of each pair and their median.
#
#   benches/compare.sh PEERS/embed.py TOKENIZER.json TEXTS.jsonl [THREADS] [ROUNDS] [LIMIT]
#
# embed.py says in its first lines how to set up its Python environment; PYTHON names that environment's interpreter.
# PRECISION (int8), CPU (the fastest) and ENGINE (openvino-int8) choose what is compared.
set -euo pipefail
peer=${1:?embed.py} tokenizer=${2:?tokenizer.json} texts=${3:?texts}
threads=${4:-1} rounds=${5:-5} limit=${6:-200}
precision=${PRECISION:-int8} engine=${ENGINE:-openvino-int8}

cd "$(dirname "$0")/.."
cargo build --release --quiet --example encode_throughput
ours=(target/release/examples/encode_throughput "$texts" --threads "$threads" --precision "$precision" --limit "$limit")
[ -n "${CPU:-}" ] && ours+=(--cpu "$CPU")
theirs=("${PYTHON:-python3}" "$peer" --engine "$engine" --tokenizer "$tokenizer" --threads "$threads" --limit "$limit" "$texts")

for _ in $(seq "$rounds"); do
    "${ours[@]}"
    "${theirs[@]}"
done | "${PYTHON:-python3}" -c '
import json, statistics, sys
runs = [json.loads(line)["docs_per_s"] for line in sys.stdin]
ratios = [ours / theirs for ours, theirs in zip(runs[::2], runs[1::2])]
for ours, theirs, ratio in zip(runs[::2], runs[1::2], ratios):
    print(f"{ours:8.1f} {theirs:8.1f} docs/s   {ratio:.2f}x")
print(f"median {statistics.median(runs[::2]):.1f} and {statistics.median(runs[1::2]):.1f} docs/s, {statistics.median(ratios):.2f}x")
'
