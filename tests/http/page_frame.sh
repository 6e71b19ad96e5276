# shellcheck shell=bash
# The frame of the pages, before anything was imported: errors, languages, switches, files of ui/,
# foreign names and sites. Sourced by run.sh with a server on an empty database.
HTML='Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8'

# page NAME STATUS PATH CURL_ARGS...: a page that check_page.py accepts, in $OUT
page() {
    local name=$1 status=$2 path=$3
    shift 3
    ask "$name" "$status" --path-as-is -H "$HTML" "$@" "$URL$path"
    header "$name is a page" '^content-type: text/html; charset=utf-8$'
    if python3 -ISB tests/http/check_page.py "$OUT" >"$STEP_DIR/why"; then
        ok
    else
        bad "$name: html" "$STEP_DIR/why"
    fi
}

page "board without data" 200 /
has "says why it is empty" "登记册都是空的"
page "sources without imports" 200 /sources
has "says that nothing was imported" "还没有导入过文件"
page "no such page" 404 /nothing/here
has "names the path" "没有 /nothing/here 这个地址"
page "a path is text" 404 '/%3Cscript%3Ealert(1)%3C/script%3E'
page "markup in a path" 404 "/<script>alert(1)</script>"
lacks "is not markup" "<script>alert"
ask "the same for a program" 404 "$URL/nothing/here"
json "as a problem document" "d['code'] == 'http.path'"
ask "JSON preferred" 404 -H 'Accept: application/json, text/html' "$URL/nothing/here"
json "is a problem document" "d['code'] == 'http.path'"
ask "no page below /api" 404 -H "$HTML" "$URL/api/v1/nothing"
json "is a problem document" "d['code'] == 'http.path'"
page "page of a wrong method" 405 /sources -X DELETE

for path in / /sources /nothing /static/base.css /health; do
    ask "headers of $path" "$([ $path = /nothing ] && echo 404 || echo 200)" -H "$HTML" "$URL$path"
    header "policy on $path" "^content-security-policy: default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$"
    header "nosniff on $path" '^x-content-type-options: nosniff$'
    header "no frames on $path" '^x-frame-options: deny$'
done

# ---- languages and switches
page "English by address" 200 '/?lang=en'
has "is English" "Indicators"
has "says so" '<html lang="en"'
header "is remembered" '^set-cookie: lang=en; path=/; max-age=31536000; samesite=lax$'
page "English by cookie" 200 / -b 'lang=en'
has "is English too" '<html lang="en"'
page "English preferred" 200 / -H 'Accept-Language: en-GB,zh;q=0.5'
has "is English as well" '<html lang="en"'
page "Chinese preferred" 200 / -H 'Accept-Language: zh-CN,en;q=0.9'
has "is Chinese" '<html lang="zh-Hans-CN"'
page "no such language" 200 '/?lang=%22%3E%3Cb%3E'
has "is Chinese too" '<html lang="zh-Hans-CN"'
page "dark, large, comfortable" 200 '/?theme=dark&size=large&density=comfortable'
has "is set on the page" 'data-theme="dark" data-size="large" data-density="comfortable"'
page "dark by cookie" 200 / -b 'theme=dark; size=<b>'
has "is dark" 'data-theme="dark"'
lacks "and nothing else" 'data-size'
page "the language link keeps the question" 200 '/indicators?region=420000&outline=x'
has "in its address" 'href="/indicators?region=420000&amp;outline=x&amp;lang=en"'
page "in English" 404 '/nothing?lang=en'
has "an error too" 'No such page'

# ---- questions that cannot be answered
for query in 'region=atlantis' 'period=yesterday' 'as_of=99' 'as_of=-1' 'as_of=x'; do
    page "board with $query" 422 "/indicators?$query"
done
page "a region is text" 422 '/indicators?region=%3Cscript%3Ealert(1)%3C/script%3E'
lacks "not markup" '<script>alert'
page "broken encoding" 400 '/indicators?region=%zz'
page "not UTF-8" 400 '/indicators?region=%ff'
page "NUL" 400 '/indicators?region=%00'
page "128 parameters" 200 "/indicators?$(printf 'a=&%.0s' $(seq 127))a"
page "129 parameters" 400 "/indicators?$(printf 'a=&%.0s' $(seq 128))a"
query_at=a=$(printf 'q%.0s' $(seq 8190))
page "query at the cap" 200 "/?$query_at"
page "query above the cap" 414 "/?${query_at}q"

# ---- files of ui/
total=0
for name in $(sed -n 's/.*"\/static\/\([^"?]*\).*/\1/p' "$OUT" | sort -u) base.css tokens.css base.js logo.svg; do
    ask "file $name" 200 -H 'Accept-Encoding: identity' "$URL/static/$name"
    cmp -s "$OUT" "ui/$name" && ok || bad "$name is the file of ui/"
    header "$name without its version is asked again" '^cache-control: no-cache$'
    etag=$(tr -d '\r' <"$STEP_DIR/headers" | sed -n 's/^[Ee][Tt]ag: //p')
    ask "$name is not sent twice" 304 -H "If-None-Match: $etag" -H 'Accept-Encoding: identity' "$URL/static/$name"
    ask "$name compressed" 200 -H 'Accept-Encoding: gzip, br' "$URL/static/$name"
    header "$name is compressed" '^content-encoding: gzip$'
    gzip -dc <"$OUT" 2>/dev/null | cmp -s - "ui/$name" && ok || bad "$name comes out of gzip"
    ask "$name with its version" 200 "$URL/static/$name?v=$(sed 's/^"//; s/"$//' <<<"$etag")"
    header "$name with its version is kept" '^cache-control: public, max-age=31536000, immutable$'
done
for name in tokens.css base.css base.js logo.svg draw.css; do
    [ ! -e "ui/$name" ] || total=$((total + $(gzip -9nc "ui/$name" | wc -c)))
done
[ "$total" -lt 60000 ] && ok || bad "first load: $total bytes of files"
page "no such file" 404 /static/none.css
page "no way out of ui/" 404 '/static/..%2fpacks%2fNOTICE.md'
page "not the compressed one by name" 404 /static/base.css.gz
python3 -ISB - ui/tokens.css <<'PY' >"$STEP_DIR/why" 2>&1 && ok || bad "dark by choice and by device agree" "$STEP_DIR/why"
import re, sys
text = open(sys.argv[1], encoding="utf-8").read()
def block(selector):
    at = text.index(selector) + len(selector)
    return re.sub(r"\s+", " ", text[text.index("{", at - 1) + 1:text.index("}", at)]).strip()
assert block(':root[data-theme="dark"] ') == block(':root:not([data-theme="light"]) ')
PY

# ---- other names, other sites
for host in evil.example 127.0.0.1.evil.example 128.0.0.1 '[::2]'; do
    page "as $host" 421 / -H "Host: $host"
done
for host in localhost LOCALHOST:1 127.0.0.1 127.9.9.9:80 '[::1]:8086'; do
    page "as $host" 200 / -H "Host: $host"
done
page "POST from another site" 405 / -X POST -H 'Sec-Fetch-Site: cross-site'
