#!/usr/bin/env bash
# Two nodes of the example `cluster` behind nginx, with Redis between them: examples/nginx/two-nodes.sh
#
# Needs redis-server and nginx (Debian: redis-server, nginx-light). Clients connect to http://127.0.0.1:8080 and have the events of
# `cluster`: `say`, `ask`, `kick`. Ctrl-C ends everything.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
PATH=$PATH:/usr/sbin

for program in redis-server nginx; do
  command -v "$program" >/dev/null || { echo "$program is missing: apt-get install redis-server nginx-light" >&2; exit 1; }
done
cargo build --example cluster --features redis
node=${CARGO_TARGET_DIR:-target}/debug/examples/cluster

directory=$(mktemp -d)
chmod 755 "$directory" # nginx, started by root, works as another user
trap 'trap - EXIT; kill $(jobs -p) 2>/dev/null; wait; rm -r "$directory"' EXIT INT TERM

redis-server --port 6390 --bind 127.0.0.1 --save "" --appendonly no --dir "$directory" >/dev/null &
"$node" redis://127.0.0.1:6390 127.0.0.1:5001 &
"$node" redis://127.0.0.1:6390 127.0.0.1:5002 &

# All requests of a long-polling session must reach one node. Here that is decided by the address and the kind of client, so that
# a browser and a script on one machine can be at different nodes.
sed 's/server 127.0.0.1:5000;/hash $remote_addr$http_user_agent;\n    server 127.0.0.1:5001;\n    server 127.0.0.1:5002;/' \
  examples/nginx/nginx.conf >"$directory/nginx.conf"
echo "http://127.0.0.1:8080"
nginx -e stderr -p "$directory" -c "$directory/nginx.conf" &
wait -n
