#!/bin/bash
# Draws the pictures of the method sheets, doc/engine/picture/*.svg, from the samples of the tool bench.
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p doc/engine/picture

# draw PICTURE TOOL OPTIONS...
draw() {
    local picture=$1
    shift
    build/zhiheng tool "$@" --out "doc/engine/picture/$picture.svg"
}

draw spc control-chart --sample flow
draw spc-p control-chart --sample chicago
draw spc-capability capability
draw acceptance sampling-plan --sample gb2828
draw reliability weibull --sample bearings
draw reliability-survival weibull --sample leukemia --figure 2
draw metrology proficiency
draw metrology-budget uncertainty
draw metrology-gauge gauge-rr --figure 2
draw pls satisfaction
draw ews early-warning
draw disproportionality disproportionality

# Engines without a tool of their own.
make -s MODE=release build/release-gcc/tests/picture/picture
for name in distributions survey scan scorecard indices numeric; do
    build/release-gcc/tests/picture/picture "$name" >"doc/engine/picture/$name.svg"
done
