#!/usr/bin/env bash
# What building this crate costs: from clean, after touching src/, after touching one document, after touching nothing; how
# long the generation itself takes; and how many crates a user pulls in. In a copy of the checkout, so that nothing built
# before helps. Run it as `benches/rebuild.sh`.
set -euo pipefail
cd "$(dirname "$0")/.."

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
git archive HEAD | tar -x -C "$scratch"
cd "$scratch"
export CARGO_TARGET_DIR=$scratch/target CARGO_TERM_COLOR=never
cargo fetch --locked --quiet

# When each client was written.
stamps() { stat -c '%Y%y' target/*/build/deprovision-*/out/*.rs | cksum; }

measure() {
    local what=$1 began ended before
    shift
    before=$(stamps 2>/dev/null || true)
    began=$(date +%s%N)
    cargo build --locked -v "$@" 2>"$scratch/log"
    ended=$(date +%s%N)
    local script=no written=no
    grep -q 'Running `.*deprovision-.*build-script-build`' "$scratch/log" && script=yes
    [ "$(stamps)" = "$before" ] || written=yes
    printf '%-42s %7.1f s   script run: %-3s   clients written: %s\n' "$what" "$(((ended - began) / 100000000))e-1" "$script" "$written"
}

printf 'Building the library (cargo build, dev profile)\n'
measure 'from clean'
measure 'nothing touched'
touch src/lib.rs
measure 'src/lib.rs touched'
touch openapi/cova.yaml
measure 'openapi/cova.yaml touched, not changed'
sed -i '0,/summary: .*/s//&, changed/' openapi/cova.yaml
measure 'openapi/cova.yaml changed'

printf '\nGenerating all clients (the build script alone), ten times\n'
for profile in debug release; do
    [ "$profile" = debug ] || cargo build --locked --release 2>/dev/null
    script=$(ls target/$profile/build/deprovision-*/build-script-build | head -n 1)
    began=$(date +%s%N)
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        rm -rf "$scratch/out" && mkdir "$scratch/out"
        OUT_DIR=$scratch/out "$script" >/dev/null
    done
    ended=$(date +%s%N)
    printf '%-42s %7d ms each\n' "in the $profile profile" "$(((ended - began) / 10000000))"
done

printf '\nCrates that a user pulls in, on this platform: of the program, and those of the build as well\n'
mkdir -p "$scratch/user/src"
echo 'fn main() {}' >"$scratch/user/src/main.rs"
cp Cargo.lock "$scratch/user/"
count() {
    local name=$1 dependency=$2 edges numbers=()
    printf '[package]\nname = "user"\nedition = "2024"\n[workspace]\n[dependencies]\n%s\n' "$dependency" >"$scratch/user/Cargo.toml"
    for edges in normal normal,build; do
        numbers+=("$(cd "$scratch/user" && cargo tree --offline --edges $edges --prefix none 2>/dev/null | sed 's/ .*//' | grep -v '^user$' | sort -u | wc -l)")
    done
    printf '%-42s %7d %7d\n' "$name" "${numbers[@]}"
}
path="path = \"$scratch\""
count 'deprovision' "deprovision = { $path }"
count 'deprovision, without TLS' "deprovision = { $path, default-features = false }"
count 'deprovision, with sandbox' "deprovision = { $path, features = [\"sandbox\"] }"
count 'reqwest with JSON and the same TLS, alone' 'reqwest = { version = "0.13", default-features = false, features = ["json", "rustls"] }'
