# Daily commands: `just --list`. Install just with `cargo install just` or `pip install rust-just`.

# The scripts of .ci need bash.
set shell := ["bash", "-euc"]
set windows-shell := ["bash", "-euc"]

# List the commands
default:
    @just --list

# Check formatting, lints and unit tests: before every commit
check:
    .ci/check

# Run all checks of a change (Debian or Ubuntu; installs what it needs)
ci:
    .ci/run

# Run all checks and the slow ones
full:
    .ci/full

# Run tests: all, or `just test NAME`
test *ARGS:
    cargo test --release {{ ARGS }}

# Check formatting and lints
lint:
    .ci/lint

# Format the code
fmt:
    cargo fmt

# Correct misspelled words (after `just ci` or .ci/tools)
spell:
    "${CARGO_TARGET_DIR:-target}/tools/checkers/bin/typos" --write-changes

# Review changed snapshots (needs cargo-insta)
snapshots:
    cargo insta test --release --review

# Build the documentation and open it
doc:
    cargo doc --release --no-deps --open

# Make the site of docs/ in target/book, and check all links
book:
    .ci/book

# Run the commands of docs/guides: all, or of one page
guides *PAGES:
    .ci/guides {{ PAGES }}

# Take the pictures of docs/images again (chromedriver, faketime)
pictures:
    .ci/screenshots

# Run the benchmarks: all, or `just bench NAME`
bench *ARGS:
    cargo bench {{ ARGS }}

# Run the program: `just run search "tool use"`
[positional-arguments]
run *ARGS:
    cargo run --release -- "$@"

# Serve a library of forty example papers in target/example-library
serve:
    cargo run --release -- --library target/example-library add examples/daily-papers.txt
    cargo run --release -- --library target/example-library serve

# Check dependencies against deny.toml, then for known vulnerabilities (needs the network)
deny:
    .ci/deny
    .ci/deny advisories

# Check that the version is the same everywhere, and print what is left to do for a release
release-checklist:
    .ci/release-check > /dev/null
    @sed -n '/^## Checklist$/,/^## [^C]/ { /^## [^C]/!p; }' docs/release.md

# Build the program with CUDA in target/cuda, and check what it does without a GPU (Linux on x86-64)
cuda:
    .ci/cuda

# Build the archive of a release for one target: `just package TARGET`, or with `cuda` or `metal` behind it
package TARGET FEATURE="":
    .ci/package {{ TARGET }} {{ FEATURE }}

# Build the Debian package of the release build, and test it (Debian, root)
deb:
    cargo build --release
    .ci/deb

# Build the container image with the release build, and ask it a question (Debian, root)
image:
    cargo build --release
    .ci/image
