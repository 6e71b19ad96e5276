#!/bin/bash
# The build-time programs: checksrc finds every bad snippet and nothing in good ones; index and embed
# write what they should.
. tests/step.sh

mode=build/release-gcc
check "tools build" build release tools
checksrc=$PWD/$mode/tool/checksrc
index=$PWD/$mode/tool/index
embed=$PWD/$mode/tool/embed
tree=$STEP_DIR/tree
purpose='/* A file made to be judged by the checker. */'

# A small house without fault.
new_tree() {
    rm -rf "$tree"
    mkdir -p "$tree"/src/{base,num,engine,proof,fmt,store,net,model,core/{instance,record,adoption},app/draw,web/record,cli} "$tree/tool"
    printf '%s\n#define EVENTS "store.slow"\n' "$purpose" >"$tree/src/base/log_events.h"
    printf '%s\nint base_one(void);\n' "$purpose" >"$tree/src/base/one.h"
    printf '%s\n#include "base/one.h"\n' "$purpose" >"$tree/src/core/record/two.h"
    printf '%s\n#include "core/record/two.h"\n' "$purpose" >"$tree/src/app/draw/three.h"
    echo "zh_codes the same on every node" >"$tree/tool/reference_tables.txt"
}

# caught RULE PATH: the snippet on stdin, put at PATH behind a purpose comment, is found with RULE.
caught() {
    new_tree
    mkdir -p "$(dirname "$tree/$2")"
    { echo "$purpose"; cat; } >"$tree/$2"
    "$checksrc" "$tree" >"$STEP_DIR/output" 2>&1
    if grep -q "^$2:[0-9]*: $1: " "$STEP_DIR/output" && ! grep -q ' 0 failed' "$STEP_DIR/output"; then
        ok
    else
        { cat "$STEP_DIR/output"; tail -n 5 "$tree/$2"; } >"$STEP_DIR/shown"
        bad "$1 in $2 is not caught" "$STEP_DIR/shown"
    fi
}

# clean PATH: the snippet on stdin has no finding.
clean() {
    new_tree
    { echo "$purpose"; cat; } >"$tree/$1"
    check "good snippet in $1" "$checksrc" "$tree"
}

caught include.layer src/base/bad.c <<<'#include "core/record/two.h"'
caught include.layer src/engine/bad.c <<<'#include "core/record/two.h"'
caught include.layer src/core/record/bad.c <<<'#include "app/draw/three.h"'
caught include.layer src/verify.c <<<'#include "core/record/two.h"'
caught include.layer src/core/instance/bad.c <<<'#include "core/record/two.h"'
caught include.layer src/core/bad.c <<<'#include "base/one.h"'
caught include.layer src/core/attic/bad.c <<<'#include "base/one.h"'
caught include.layer src/attic/bad.c <<<'#include "base/one.h"'
caught include.form src/core/record/bad.c <<<'#include "two.h"'
caught include.form src/core/record/bad.c <<<'#include "core/record/absent.h"'
caught include.cycle src/core/record/bad.h <<<'#include "core/record/bad.h"'
caught include.driver src/core/record/bad.c <<<'#include <sqlite3.h>'
caught include.driver src/core/record/bad.c <<<'#include <libpq-fe.h>'
caught include.driver src/app/draw/bad.c <<<'#  include <microhttpd.h>'
caught include.driver src/model/bad.c <<<'#include <yaml.h>'
caught include.driver src/core/record/bad.c <<<'#include <libxml/xmlreader.h>'
caught include.driver src/core/record/bad.c <<<'#include <zip.h>'
caught include.driver src/web/record/bad.c <<<'#include <cairo/cairo.h>'
caught sql.place src/web/record/bad.c <<<'const char *q = "SELECT 1";'
caught sql.place src/app/draw/bad.c <<<'const char *q = "insert " "into t values (1)";'
caught sql.place src/model/bad.c <<<'const char *q = "DROP TABLE x";'
caught sql.place src/cli/bad.c <<<$'const char *q = "update t "\n    "set a = 1";'
caught sql.key src/core/record/bad.c <<<'const char *q = "CREATE TABLE t (id BIGINT PRIMARY KEY)";'
caught sql.key src/store/bad.c <<<'const char *q = "CREATE TABLE t (a INT, " "PRIMARY KEY (id))";'
caught sql.key src/core/record/bad.c <<<'const char *q = "CREATE UNIQUE INDEX i ON t (code)";'
caught sql.key src/core/record/bad.c <<<'const char *q = "CREATE TABLE IF NOT EXISTS t (UNIQUE (code))";'
caught sql.ban src/core/record/bad.c <<<'const char *q = "id INTEGER AUTOINCREMENT";'
caught sql.ban src/core/record/bad.c <<<'const char *q = "id BIGSERIAL";'
caught sql.ban src/core/record/bad.c <<<'const char *q = "CREATE TRIGGER x";'
caught sql.ban src/core/record/bad.c <<<'const char *q = "SELECT AVG(a) FROM t";'
caught sql.ban src/store/bad.c <<<'const char *q = "SELECT office, sum(a) FROM t";'
for call in 'strcpy(a, b)' 'strcat(a, b)' 'sprintf(a, b)' 'gets(a)' 'strtok(a, b)' 'atoi(a)' \
    'atof(a)' 'sscanf(a, b)' 'scanf(a)' 'localtime(a)' 'gmtime(a)' 'asctime(a)' 'rand()' \
    'system(a)' 'popen(a, b)' 'setjmp(a)' 'alloca(9)'; do
    caught ban.function src/base/bad.c <<<"void f(void) { $call; }"
done
caught ban.memory src/core/record/bad.c <<<'void *f(void) { return malloc(1); }'
caught ban.memory src/core/record/bad.c <<<'void f(void *p) { free(p); }'
caught ban.float src/core/record/bad.c <<<'float x(void);'
{ echo 'int f(void)'; echo '{'; yes '    ;' | head -n 69; echo '}'; } | caught size.function src/core/record/bad.c
yes '' | head -n 1200 | caught size.file src/core/record/bad.c
caught log.event src/core/record/bad.c <<<'void f(void) { zh_log(ZH_WARN, "core.unheard", "x"); }'
caught log.event src/core/record/bad.c <<<$'void f(void)\n{\n    zh_log_err(ZH_WARN,\n        "core.unheard", e);\n}'
for folder in home work root Users; do # put together here, or this file would be found itself
    caught path.machine src/core/record/bad.c <<<"const char *p = \"/$folder/x\";"
    caught path.machine packs/bad.yaml <<<"path: /$folder/x"
done
new_tree
echo 'int a;' >"$tree/src/core/record/bad.c"
check "a file without purpose is found" \
    bash -c "'$checksrc' '$tree' | grep -q '^src/core/record/bad.c:1: purpose: '"
new_tree
printf '%s\n#include "core/record/b.h"\n' "$purpose" >"$tree/src/core/record/a.h"
printf '%s\n#include "core/record/a.h"\n' "$purpose" >"$tree/src/core/record/b.h"
check "a cycle of two is found" bash -c "'$checksrc' '$tree' | grep -q ': include.cycle: '"

clean src/core/record/good.c <<'C' # comments and strings are not code; SQL is at home in core
#include "core/record/two.h"
/* malloc(1) and float and system("x") in a comment, AVG(x) */
// #include "web/x.h"
const char *help = "malloc(1) float strcpy(a, b)";
const char *a = "SELECT count(*), sum(n) FROM t"; /* exact: integer */
const char *b = "CREATE TABLE t (office BIGINT, id BIGINT, UNIQUE (office, code), "
                "PRIMARY KEY (office, id))";
const char *c = "CREATE TABLE zh_codes (code TEXT PRIMARY KEY)";
const char *d = "CREATE UNIQUE INDEX i ON t (office, code)";
void f(void) { zh_log(ZH_WARN, "store.slow", "x"); }
char quote = '"';
C
clean src/web/record/good.c <<'C'
#include "app/draw/three.h"
const char *a = "SELECTED";
const char *b = "请选择 select 一项";
const char *url = "https://www.example.cn/home/index.html";
C
clean src/core/adoption/good.c <<<'#include "core/record/two.h"'
clean src/store/good.c <<<'#include <sqlite3.h>'
clean src/net/good.c <<<'#include <microhttpd.h>'
clean src/base/good.c <<<'void *f(void) { return malloc(1); }'
{ echo 'int f(void)'; echo '{'; yes '    ;' | head -n 68; echo '}'; } | clean src/core/record/good.c
yes '' | head -n 1199 | clean src/core/record/good.c

# ---- index ----
new_tree
printf '%s\nZH_VERB(serve){1};\n' "$purpose" >"$tree/src/cli/b.c"
printf '%s\nZH_VERB(count){1};\n ZH_VERB(not_at_line_start)\n' "$purpose" >"$tree/src/cli/a.c"
run_index() {
    (cd "$tree" && "$index" src/cli/b.c src/cli/a.c)
}
check "a verb without its header is refused" bash -c "! (cd '$tree' && '$index' src/cli/a.c)"
printf '%s\ntypedef struct zh_verb { int n; } zh_verb;\n#define ZH_VERB(name) const zh_verb zh_verb_##name =\n' \
    "$purpose" >"$tree/src/cli/verb.h"
run_index >"$tree/index.c" 2>"$STEP_DIR/output" && ok || bad "index runs" "$STEP_DIR/output"
check "verbs are sorted" bash -c "grep -A1 '&zh_verb_count' '$tree/index.c' | grep -q '&zh_verb_serve'"
check "verbs are counted" grep -q '^const size_t zh_verbs_n = 2;' "$tree/index.c"
check "the table compiles" gcc -std=c11 -Wall -Wextra -Wpedantic -Werror -I"$tree/src" -c \
    -o "$STEP_DIR/index.o" "$tree/index.c"
printf 'ZH_VERB(count){2};\n' >>"$tree/src/cli/b.c"
check "a verb defined twice is refused" bash -c "! (cd '$tree' && '$index' src/cli/a.c src/cli/b.c)"

# ---- embed ----
mkdir -p "$STEP_DIR/packs/空"
printf 'one\0two' >"$STEP_DIR/packs/b.bin"
: >"$STEP_DIR/packs/空/a.yaml"
cat >"$STEP_DIR/main.c" <<'C'
#include "base/embedded.h"
#include <string.h>
int main(void)
{
    const zh_embedded *file = zh_embedded_find("packs/b.bin");
    const zh_embedded *first;
    return file && file->n == 7 && memcmp(file->bytes, "one\0two", 8) == 0 &&
           zh_embedded_find("packs/空/a.yaml")->n == 0 && !zh_embedded_find("packs/b.bi") &&
           !zh_embedded_find("packs/b.bin2") && zh_embedded_range("packs/", &first) == 2 &&
           first == file && zh_embedded_range("packs/空/", &first) == 1 &&
           zh_embedded_range("", &first) == 2 && zh_embedded_range("q", &first) == 0 && !first
               ? 0 : 1;
}
C
source=$PWD/src
for compiler in gcc clang; do
    check "embedded files come back ($compiler)" bash -c "cd '$STEP_DIR' &&
        '$embed' packs/空/a.yaml packs/b.bin >embed.c &&
        $compiler -std=c11 -I'$source' -o main main.c embed.c '$source/base/embedded.c' && ./main"
done
check "no file at all" bash -c "cd '$STEP_DIR' && '$embed' >embed.c &&
    gcc -std=c11 -Wall -Wpedantic -Werror -I'$source' -c embed.c"
check "a name with a quote is refused" bash -c "! '$embed' 'packs/a\"b'"
check "an absent file is refused" bash -c "! '$embed' packs/absent"
finish
