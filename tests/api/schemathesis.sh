#!/usr/bin/env bash
# Holds a host against its own /openapi.json with schemathesis, every check (but for what schemathesis.toml says), without and with the
# internal key: no undocumented status, no 5xx, no breach of a schema. Wants `cargo build -p levain`,
# the components, and schemathesis on the PATH (`pip install schemathesis`).
#
#   bash tests/api/schemathesis.sh [options of schemathesis, such as --max-examples 100]
set -euo pipefail
cd "$(dirname "$0")/../.."

key=an-internal-key-of-schemathesis-0123456789
data=$(mktemp -d)
# The creation rate is a limit on this very client; the catalog's other bounds stay as they are.
target/debug/levain serve --listen 127.0.0.1:0 --data-dir "$data/host" --internal-api-key "$key" \
    --creations-per-minute 0 --log warn >"$data/out" 2>"$data/log" &
host=$!
trap 'kill "$host" 2>/dev/null || true; wait "$host" 2>/dev/null || true; rm -rf "$data"' EXIT

until url=$(grep -o 'http://.*' "$data/out"); do
    kill -0 "$host" 2>/dev/null || { cat "$data/log"; exit 1; }
    read -rt 0.2 <> <(:) || true
done

run() {
    schemathesis --config-file tests/api/schemathesis.toml run "$url/openapi.json" --max-examples 20 --request-timeout 60 "$@"
}

# Of a session that lives, the stream of events has no end, which no check waits for: so that route is
# called apart, with ids that it makes up.
events=/api/demo/sessions/{session_id}/events

printf '\n== without a key\n'
run --exclude-path "$events" "$@"
printf '\n== with the internal key\n'
# The key opens everything, whatever token comes with it.
run --exclude-path "$events" -H "X-Internal-API-Key: $key" --exclude-checks ignored_auth "$@"
printf '\n== events\n'
run --include-path "$events" --phases examples,coverage,fuzzing "$@"
