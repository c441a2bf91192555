#!/usr/bin/env bash
# Two nodes of the example `cluster` behind a proxy, with Redis between them:
#
#   examples/proxies/two-nodes.sh nginx      (or haproxy, apache, caddy)
#
# Needs redis-server and the proxy (Debian: redis-server, and nginx-light, haproxy, apache2 or caddy). Clients connect to
# http://127.0.0.1:8080 and have the events of `cluster`: `say`, `ask`, `kick`. Ctrl-C ends everything.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
PATH=$PATH:/usr/sbin

proxy=${1:-nginx}
configuration=$PWD/examples/proxies/$proxy
declare -A programs=([nginx]=nginx [haproxy]=haproxy [apache]=apache2 [caddy]=caddy)
program=${programs[$proxy]-}
[[ -n $program ]] || { echo "which proxy? ${!programs[*]}" >&2; exit 2; }
for needed in redis-server "$program"; do
  command -v "$needed" >/dev/null || { echo "$needed is missing (Debian: redis-server, nginx-light, haproxy, apache2, caddy)" >&2; exit 1; }
done
cargo build --example cluster --features redis
node=${CARGO_TARGET_DIR:-target}/debug/examples/cluster

directory=$(mktemp -d)
chmod 755 "$directory" # a proxy that root has started runs as another user
trap 'trap - EXIT; kill $(jobs -p) 2>/dev/null; wait; rm -r "$directory"' EXIT INT TERM

redis-server --port 6390 --bind 127.0.0.1 --save "" --appendonly no --dir "$directory" >/dev/null &
"$node" redis://127.0.0.1:6390 127.0.0.1:5001 &
"$node" redis://127.0.0.1:6390 127.0.0.1:5002 &

echo "http://127.0.0.1:8080"
case $proxy in
  nginx) nginx -e stderr -p "$directory" -c "$configuration/nginx.conf" & ;;
  haproxy) haproxy -db -f "$configuration/haproxy.cfg" & ;;
  apache) apache2 -d "$directory" -f "$configuration/standalone.conf" -c "Include $configuration/socketio.conf" -D FOREGROUND & ;;
  caddy) caddy run --adapter caddyfile --config "$configuration/Caddyfile" & ;;
esac
wait -n
