#!/bin/bash
# The Go checksum database's own code (tlog and note of golang.org/x/mod, from Debian) accepts our
# log: checkpoints, cosignatures, tiles, bundles, consistency, tlog-proofs; and refuses altered ones.
. tests/step.sh

sample=build/release-gcc/tests/proof/sample
oracle=$STEP_DIR/oracle
export GOCACHE=$STEP_DIR/cache GOPATH=/usr/share/gocode GO111MODULE=off GOFLAGS=
if ! build release $sample >"$STEP_DIR/build" 2>&1 ||
    ! go build -o "$oracle" tests/go/oracle.go >>"$STEP_DIR/build" 2>&1; then
    bad "build of the sample and the oracle" "$STEP_DIR/build"
    finish
fi

# A figure stands after the N records: logs of 3, 256, 257 and 701 entries.
for n in 2 255 256 700; do
    at=$STEP_DIR/$n
    $sample "$at" $n || { bad "sample of $n"; continue; }
    "$oracle" "$at/log.key" "$at/witness.key" "$at/pub" "$at"/*.tlog-proof >"$STEP_DIR/said" 2>&1
    closing=$(tail -n 1 "$STEP_DIR/said")
    if [[ $closing =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed$ ]]; then
        grep '^FAILED' "$STEP_DIR/said"
        STEP_PASSED=$((STEP_PASSED + BASH_REMATCH[1]))
        STEP_FAILED=$((STEP_FAILED + BASH_REMATCH[2]))
    else
        bad "oracle on $n records" "$STEP_DIR/said"
    fi
done

# refused NAME FILE SED: the oracle must find the change.
refused() {
    local at=$STEP_DIR/700
    cp "$at/$2" "$STEP_DIR/kept"
    sed -i "$3" "$at/$2"
    if cmp -s "$at/$2" "$STEP_DIR/kept"; then
        bad "$1: nothing was changed"
    else
        check "$1" bash -c "! '$oracle' '$at/log.key' '$at/witness.key' '$at/pub' '$at'/*.tlog-proof"
    fi
    cp "$STEP_DIR/kept" "$at/$2"
}
refused "another index" 0.tlog-proof 's/^index 0$/index 1/'
refused "another size" pub/checkpoint 's/^701$/700/'
refused "an older checkpoint of another size" pub/checkpoints 's/^62$/63/'
finish
