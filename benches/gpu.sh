#!/usr/bin/env bash
# Is the encoder right on an NVIDIA GPU, and how fast is it? Checks and measures; for a machine that need not build anything:
#
#   .ci/cuda                                                        # where there is a compiler: builds target/cuda
#   benches/gpu.sh target/cuda MODEL TEXTS.jsonl[.gz] [OPTION...]    # on the machine with the GPU
#
# MODEL is a directory with the published all-MiniLM-L6-v2 in f32; TEXTS are objects with "text", or "title" and "abstract".
# CUDA's libraries have to be in the library path, as docs/install.md says. PYTHON names an
# interpreter that has sentence-transformers, which is measured on the same GPU in the same run; without it that part is skipped.
#
# The last line is `passed`, `failed: REASON` with the exit code 1, or `skipped: REASON` with the exit code 77.
set -euo pipefail
if ! nvidia-smi --list-gpus 2> /dev/null | grep -q .; then
    echo "skipped: no NVIDIA GPU"
    exit 77
fi
exec "${PYTHON:-python3}" "$(dirname "$0")/gpu.py" "$@"
