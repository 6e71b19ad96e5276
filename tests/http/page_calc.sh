# shellcheck shell=bash
# Calculations over HTTP. Sourced by run.sh: $URL serves tests/fixture/cli/packs.

ask "list of calculations" 200 "$URL/api/v1/calc"
json "names, titles, methods and inputs" "len(d) > 40 and all(e['name'] and e['title'] and e['method'] for e in d) \
and 'distributions.qtukey' in [e['name'] for e in d]"
cp "$OUT" "$STEP_DIR/calculations"
calculations=$(python3 -ISB -c 'import json,sys; print("\n".join(e["name"] for e in json.load(open(sys.argv[1]))))' \
    "$STEP_DIR/calculations")
for name in $calculations; do
    python3 -ISB -c 'import json,sys; print(next(e["input"] for e in json.load(open(sys.argv[1])) if e["name"] == sys.argv[2]))' \
        "$STEP_DIR/calculations" "$name" >"$STEP_DIR/input"
    ask "the example of $name works" 200 -H 'Content-Type: application/json' \
        --data-binary @"$STEP_DIR/input" "$URL/api/v1/calc/$name"
done
# R 4.2.2: qt(0.975, 9)
ask "a quantile" 200 --json '{"p": 0.975, "df": 9}' "$URL/api/v1/calc/distributions.qt"
json "is the published one" "abs(d['value'] - 2.2621571627982) < 1e-12"
header "is JSON" '^content-type: application/json'
ask "refused parameter" 422 --json '{"p": 0.975, "df": -9}' "$URL/api/v1/calc/distributions.qt"
json "is a problem naming the member" "d['code'] == 'calc.input' and d['errors'][0]['pointer'].endswith('df') \
and 'df' in d['errors'][0]['message']"
header "problem type" '^content-type: application/problem+json'
ask "refused in English" 422 --json '{"p": 0.975}' "$URL/api/v1/calc/distributions.qt?lang=en"
json "says it in English" "d['detail'].startswith('df: missing') and d['title'] == 'The data break a rule' \
and d['errors'][0]['fix'].startswith('an input that works: ')"
ask "by what is accepted" 422 -H 'Accept-Language: en-GB,en;q=0.9' --json '{"p": 0.975}' \
    "$URL/api/v1/calc/distributions.qt"
json "too" "d['detail'].startswith('df: missing')"
ask "Chinese first" 422 -H 'Accept-Language: zh-CN,zh;q=0.9,en;q=0.8' --json '{"p": 0.975}' \
    "$URL/api/v1/calc/distributions.qt"
json "is Chinese" "d['detail'].startswith('df：输入缺少它')"
ask "not JSON" 422 --json '{"p": ' "$URL/api/v1/calc/distributions.qt"
ask "not an object" 422 --json '[1]' "$URL/api/v1/calc/distributions.qt"
ask "empty body" 422 -X POST "$URL/api/v1/calc/distributions.qt"
ask "no such calculation" 404 --json '{}' "$URL/api/v1/calc/distributions.qx"
json "says where the list is" "'/api/v1/calc' in d['detail']"
ask "GET of a calculation" 405 "$URL/api/v1/calc/distributions.qt"
ask "from another site" 403 -H 'Sec-Fetch-Site: cross-site' --json '{"p": 0.975, "df": 9}' \
    "$URL/api/v1/calc/distributions.qt"
# The cap of the body: 8 MiB, here as one vector padded with spaces.
pad() {
    { printf '{"x": [0.5'; head -c $(($1 - 12)) /dev/zero | tr '\0' ' '; printf ']}'; } >"$STEP_DIR/body"
}
pad $((8 << 20))
ask "body at the cap" 200 -H 'Expect:' --data-binary @"$STEP_DIR/body" -H 'Content-Type: application/json' \
    "$URL/api/v1/calc/distributions.digamma"
pad $(((8 << 20) + 1))
ask "body above the cap" 413 -H 'Expect:' --data-binary @"$STEP_DIR/body" -H 'Content-Type: application/json' \
    "$URL/api/v1/calc/distributions.digamma"
