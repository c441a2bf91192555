#!/bin/sh
# Compares this server with its floor and its peer: `benches/compare/run.sh [--rounds N] [--only echo].. [NAME=COMMAND..]`.
# Servers run on core 0, the load generator on core 1. The table is printed at the end, to standard output.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
cargo build --quiet --release --manifest-path "$root/Cargo.toml" --example bench_server
cargo build --quiet --release --manifest-path "$here/Cargo.toml"
ours=${CARGO_TARGET_DIR:-$root/target}/release/examples/bench_server
others=${CARGO_TARGET_DIR:-$here/target}/release
exec taskset -c 1 "$others/load" \
    floor="$others/floor PORT" \
    raw="$ours PORT raw" \
    typed="$ours PORT typed" \
    value="$ours PORT value" \
    peer="$others/peer PORT value" \
    peer-typed="$others/peer PORT typed" \
    "$@"
