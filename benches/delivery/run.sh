#!/usr/bin/env bash
# What arrives at clients that lose their connections: `benches/delivery/run.sh`, or one server with `benches/delivery/run.sh rust-recovery`.
# CLIENTS, MESSAGES and others as in drive.mjs. The figures of docs/delivery.md come from it.
#
# Needs Rust, Node 20, Python with venv, and Redis for `rust-redis`. Installs npm packages into benches/delivery/node_modules and Python packages into tests/.cache.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
root=$PWD
here=$root/benches/delivery
target=${CARGO_TARGET_DIR:-$root/target}
venv=$root/tests/.cache/venv-delivery

ulimit -n "$(ulimit -Hn)"
cargo build --release --locked --features redis --example delivery_server
[[ -d $here/node_modules ]] || npm --prefix "$here" install --no-audit --no-fund --no-package-lock
[[ -x $venv/bin/python ]] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --requirement "$here/requirements.txt"

port=${PORT:-4600}
declare -A servers=(
  [rust]="$target/release/examples/delivery_server $port"
  [rust-recovery]="$target/release/examples/delivery_server $port --recovery"
  [rust-redis]="$target/release/examples/delivery_server $port --redis redis://127.0.0.1:$((port + 2))"
  [node]="node $here/node.mjs $port"
  [node-recovery]="node $here/node.mjs $port --recovery"
  [python]="$venv/bin/python $here/python_server.py $port"
)
for name in "${@:-rust rust-recovery rust-redis node node-recovery python}"; do
  for one in $name; do
    modes="cuts deployment"
    if [[ $one == rust-redis ]]; then
      modes="cuts kill"
      redis-server --port $((port + 2)) --bind 127.0.0.1 --save "" --appendonly no --loglevel warning >/dev/null &
      trap "kill $!" EXIT
    fi
    for mode in $modes; do
      read -ra command <<<"${servers[$one]}"
      printf '%-14s ' "$one"
      node "$here/drive.mjs" "$mode" "$port" "${command[@]}" | tail -n 1
    done
  done
done
