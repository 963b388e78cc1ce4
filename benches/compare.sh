#!/usr/bin/env bash
# How does the encoder compare with OpenVINO, on this machine and on texts of your own?
#
# Runs both in turn, same texts and threads, tokenization included, and prints the ratio of each pair and their median,
# by the clock and by processor time: the latter also holds on a machine that does other work beside.
#
#   benches/compare.sh PEERS/embed.py TOKENIZER.json TEXTS.jsonl [THREADS] [ROUNDS] [LIMIT]
#
# embed.py says in its first lines how to set up its Python environment; PYTHON names that environment's interpreter.
# PRECISION (int8, bf16 or f32) and CPU (the fastest) choose what is compared. ENGINE is openvino-PRECISION; all but
# openvino-int8 need IR, the network's model.xml in f32. With CPU=avx2 or avx2vnni OpenVINO is held to it as well; it has
# no bf16 there, so that openvino-int8 needs an embed.py that asks for f32 beside int8.
set -euo pipefail
peer=${1:?embed.py} tokenizer=${2:?tokenizer.json} texts=${3:?texts}
threads=${4:-1} rounds=${5:-5} limit=${6:-200}
precision=${PRECISION:-int8} engine=${ENGINE:-openvino-${PRECISION:-int8}}

cd "$(dirname "$0")/.."
cargo bench --quiet --no-run --bench encode_throughput
same=(--threads "$threads" --limit "$limit" "$texts")
ours=(cargo bench --quiet --bench encode_throughput -- --precision "$precision" "${same[@]}")
theirs=("${PYTHON:-python3}" "$peer" --engine "$engine" --tokenizer "$tokenizer" "${same[@]}")
[ -n "${CPU:-}" ] && ours+=(--cpu "$CPU")
[ -n "${IR:-}" ] && theirs+=(--ir "$IR")
case ${CPU:-} in
avx2) export ONEDNN_MAX_CPU_ISA=AVX2 ;;
avx2vnni) export ONEDNN_MAX_CPU_ISA=AVX2_VNNI ;;
esac

for _ in $(seq "$rounds"); do
    "${ours[@]}"
    "${theirs[@]}"
done | "${PYTHON:-python3}" -c '
import json, statistics, sys
runs = [json.loads(line) for line in sys.stdin]
for key, unit in [("docs_per_s", "docs/s"), ("docs_per_cpu_s", "docs per CPU second")]:
    ours, theirs = ([run[key] for run in half] for half in (runs[::2], runs[1::2]))
    ratios = [a / b for a, b in zip(ours, theirs)]
    for a, b, ratio in zip(ours, theirs, ratios):
        print(f"{a:8.1f} {b:8.1f} {unit}   {ratio:.2f}x")
    medians = [statistics.median(numbers) for numbers in (ours, theirs, ratios)]
    print("median {:.1f} and {:.1f} {unit}, {:.2f}x".format(*medians, unit=unit))
'
