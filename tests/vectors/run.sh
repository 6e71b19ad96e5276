#!/bin/bash
# The vectors program: the fixture passes, an altered fixture fails, and so does a folder without any
# known file. Runs the shared vectors too when they are there (ZH_SHARED, default ../shared).
. tests/step.sh

check "build" build release all
vectors=build/vectors
fixture=tests/fixture/vectors
check "fixture" $vectors $fixture
check "fixture named by its folder" $vectors $fixture/ledger/

# One hexadecimal digit of every string that holds at least 32 of them, and every whole number.
python3 - "$fixture/ledger/records.json" "$STEP_DIR/altered" <<'PYTHON'
import os, random, re, sys
text = open(sys.argv[1], encoding="utf-8").read()
seed = random.randrange(2**32)
print("seed", seed)
random.seed(seed)
places = [(m.start(1), m.end(1), "0123456789abcdef") for m in re.finditer(r'"([0-9a-f]{6,})"', text)]
places += [(m.start(1), m.end(1), "0123456789") for m in re.finditer(r': ?(\d+)', text)]
places += [(m.start(1), m.end(1), "abcxyz") for m in re.finditer(r'"(?:name|type)": ?"(\w+)"', text)]
for number, (start, end, digits) in enumerate(places):
    at = random.randrange(start, end)
    other = random.choice([d for d in digits if d != text[at]])
    folder = os.path.join(sys.argv[2], str(number), "ledger")
    os.makedirs(folder)
    with open(os.path.join(folder, "records.json"), "w", encoding="utf-8") as out:
        out.write(text[:at] + other + text[at + 1:])
PYTHON
for folder in "$STEP_DIR"/altered/*; do
    if $vectors "$folder" >"$STEP_DIR/output" 2>&1; then
        diff "$folder/ledger/records.json" $fixture/ledger/records.json >>"$STEP_DIR/output"
        bad "an altered file passed" "$STEP_DIR/output"
    else
        ok
    fi
done

mkdir -p "$STEP_DIR/unknown/ledger"
echo '{}' >"$STEP_DIR/unknown/ledger/other.json"
check "nothing recognised is a failure" \
    bash -c "! $vectors '$STEP_DIR/unknown' && $vectors '$STEP_DIR/unknown' | grep -q '^skipped '"
echo '{"records":[]}' >"$STEP_DIR/unknown/ledger/records.json"
check "no record is a failure" bash -c "! $vectors '$STEP_DIR/unknown'"

shared=${ZH_SHARED:-../shared}/vectors
if [ -d "$shared" ]; then
    check "shared vectors" $vectors "$shared"
else
    echo "skipped: no shared vectors at $shared"
fi
finish
