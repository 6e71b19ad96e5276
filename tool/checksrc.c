/* Layer and ban checker: reads the source tree and reports what the rules of the house forbid.
 *
 *   checksrc ROOT    prints "path:line: rule: message" per finding, then "N passed, N failed"
 *                    (files without findings, findings); exit 1 when there are findings
 *
 * It reads text, not preprocessed C: comments and string literals are told apart by a small lexer,
 * functions are found by a brace in column 0, which clang-format guarantees. Includes may go from a
 * room of src/ only to the rooms that `layers` names, and inside a room that `divided` names only
 * to the same inner room and those below it. */
#include <dirent.h>
#include <regex.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FUNCTION_LINES_MAX 70
#define FILE_LINES_MAX     1200
#define PURPOSE_BYTES_MIN  24
#define DEPTH_MAX          16

/* A string literal with its neighbours joined, as the compiler sees it. */
struct literal {
    char *text;
    size_t *line; /* of each character */
    size_t n;
    bool open; /* nothing but white space and comments since its last quote */
};

struct file {
    char *path; /* from the root */
    char *text;
    char *code; /* same length and lines, comments and literal contents blanked */
    size_t n;
    struct literal *literals;
    size_t literals_n;
    size_t findings;
    int visit; /* 0 new, 1 being walked, 2 done: search for include cycles */
};

struct tree {
    struct file *files;
    size_t n;
    char *tables; /* tool/reference_tables.txt, or empty */
    char *events; /* src/base/log_events.h, or empty */
};

/* From where to where an #include "..." may go. */
static const struct {
    const char *from;
    const char *to; /* words, each between spaces */
} layers[] = {
    {"base", " base "},
    {"num", " num base "},
    {"engine", " engine num base "},
    {"proof", " proof base "},
    {"fmt", " fmt num base "},
    {"store", " store base "},
    {"net", " net base "},
    {"model", " model fmt base "},
    {"core", " core model store engine proof fmt num base "},
    {"app", " app core net model store engine proof fmt num base "},
    {"web", " web app core net model store engine proof fmt num base "},
    {"cli", " cli web app core net model store engine proof fmt num base "},
    {"main.c", " cli web app core net model store engine proof fmt num base "},
    {"verify.c", " proof base "},
    {"witness.c", " proof net base "},
};

/* Rooms whose files stand in inner rooms, these from the ground up. */
static const struct {
    const char *room;
    const char *inner; /* words, each between spaces */
} divided[] = {
    {"core", " instance clock read ledger cube record people notice figure judgement intake "
             "verify adoption "},
    {"web", " text frame outline signal record import figure ledger tool deadline people "},
};

/* Headers of libraries that only one room may see. */
static const struct {
    const char *header; /* prefix */
    const char *room;
} drivers[] = {
    {"sqlite3", "store"}, {"libpq", "store"},    {"microhttpd", "net"}, {"zip.h", "fmt"},
    {"libxml/", "fmt"},   {"yaml.h", "fmt"},     {"cairo", "fmt"},      {"pango", "fmt"},
    {"qrencode", "fmt"},  {"xlsxwriter", "fmt"},
};

static void *grown(void *p, size_t size)
{
    void *q = realloc(p, size ? size : 1);
    if (!q) {
        perror("checksrc");
        exit(2);
    }
    return q;
}

static void __attribute__((format(printf, 4, 5)))
finding(struct file *file, size_t line, const char *rule, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    printf("%s:%zu: %s: ", file->path, line, rule);
    (void)vprintf(format, arguments);
    (void)putchar('\n');
    va_end(arguments);
    file->findings++;
}

/* ---- regular expressions ---- */

static regex_t compiled(const char *pattern, int flags)
{
    regex_t expression;
    if (regcomp(&expression, pattern, REG_EXTENDED | flags) != 0) {
        (void)fprintf(stderr, "checksrc: bad pattern %s\n", pattern);
        exit(2);
    }
    return expression;
}

static bool matches(const regex_t *expression, const char *text, size_t *start, size_t *end)
{
    regmatch_t match;
    if (regexec(expression, text, 1, &match, 0) != 0) {
        return false;
    }
    *start = (size_t)match.rm_so;
    *end = (size_t)match.rm_eo;
    return true;
}

/* ---- reading ---- */

static char *read_text(const char *path, size_t *n)
{
    FILE *in = fopen(path, "rb");
    if (!in) {
        return NULL;
    }
    char *text = NULL;
    size_t used = 0;
    size_t got = 0;
    do {
        text = grown(text, used + 65536 + 1);
        got = fread(text + used, 1, 65536, in);
        used += got;
    } while (got > 0);
    (void)fclose(in);
    text[used] = '\0';
    *n = used;
    return text;
}

static size_t line_of(const char *text, size_t at)
{
    size_t line = 1;
    for (size_t i = 0; i < at; i++) {
        line += text[i] == '\n';
    }
    return line;
}

static void literal_add(struct literal *literal, char c, size_t line)
{
    literal->text = grown(literal->text, literal->n + 2);
    literal->line = grown(literal->line, (literal->n + 1) * sizeof(size_t));
    literal->text[literal->n] = c;
    literal->line[literal->n++] = line;
    literal->text[literal->n] = '\0';
}

/* The literal that a new pair of quotes belongs to. */
static struct literal *literal_at(struct file *file)
{
    if (file->literals_n > 0 && file->literals[file->literals_n - 1].open) {
        return &file->literals[file->literals_n - 1];
    }
    file->literals = grown(file->literals, (file->literals_n + 1) * sizeof(struct literal));
    struct literal *literal = &file->literals[file->literals_n++];
    *literal = (struct literal){.text = grown(NULL, 1)};
    literal->text[0] = '\0';
    return literal;
}

/* Blanks a comment that begins at i; returns the index after it. */
static size_t lex_comment(struct file *file, size_t i)
{
    bool block = file->text[i + 1] == '*';
    size_t start = i;
    while (i < file->n) {
        if (block ? i >= start + 3 && file->text[i] == '/' && file->text[i - 1] == '*'
                  : file->text[i] == '\n') {
            break;
        }
        i++;
    }
    size_t end = block && i < file->n ? i + 1 : i;
    for (size_t k = start; k < end; k++) {
        if (file->code[k] != '\n') {
            file->code[k] = ' ';
        }
    }
    return end;
}

/* Blanks the inside of a string or character literal that begins at i and keeps strings. */
static size_t lex_quoted(struct file *file, size_t i, size_t *line)
{
    char quote = file->text[i];
    struct literal *literal = quote == '"' ? literal_at(file) : NULL;
    for (i++; i < file->n && file->text[i] != quote && file->text[i] != '\n'; i++) {
        char c = file->text[i];
        file->code[i] = ' ';
        if (c == '\\' && i + 1 < file->n) {
            i++;
            bool space = strchr("nrt\n", file->text[i]) != NULL;
            *line += file->text[i] == '\n';
            c = space ? ' ' : file->text[i];
            file->code[i] = file->text[i] == '\n' ? '\n' : ' ';
        }
        if (literal) {
            literal_add(literal, c, *line);
        }
    }
    if (literal) {
        literal->open = true;
    }
    return i + 1;
}

/* Fills code and literals of a C file. */
static void lex(struct file *file)
{
    file->code = grown(NULL, file->n + 1);
    memcpy(file->code, file->text, file->n + 1);
    size_t line = 1;
    for (size_t i = 0; i < file->n;) {
        char c = file->text[i];
        if (c == '/' && (file->text[i + 1] == '*' || file->text[i + 1] == '/')) {
            size_t end = lex_comment(file, i);
            for (; i < end; i++) {
                line += file->text[i] == '\n';
            }
        } else if (c == '"' || c == '\'') {
            i = lex_quoted(file, i, &line);
        } else {
            line += c == '\n';
            if (!strchr(" \t\r\n", c) && file->literals_n > 0) {
                file->literals[file->literals_n - 1].open = false;
            }
            i++;
        }
    }
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text);
    size_t m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

static bool is_c(const char *path)
{
    return ends_with(path, ".c") || ends_with(path, ".h");
}

/* Kinds of text people write here; data files and fixtures are not ours to judge. */
static bool is_written_text(const char *path)
{
    static const char *const ends[] = {".sh", ".py",   ".mjs", ".js",   ".css",    ".yaml",
                                       ".md", ".html", "/run", "/test", "Makefile"};
    if (strstr(path, "/fixture/") || strstr(path, "/corpus/")) {
        return false;
    }
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (ends_with(path, ends[i]) || strcmp(path, ends[i] + 1) == 0) {
            return true;
        }
    }
    return is_c(path);
}

static void add_file(struct tree *tree, const char *path)
{
    struct file file = {.path = grown(NULL, strlen(path) + 1)};
    memcpy(file.path, path, strlen(path) + 1);
    file.text = read_text(path, &file.n);
    if (!file.text) {
        perror(path);
        exit(2);
    }
    if (is_c(path)) {
        lex(&file);
    }
    tree->files = grown(tree->files, (tree->n + 1) * sizeof(file));
    tree->files[tree->n++] = file;
}

static void add_folder(struct tree *tree, const char *folder, int depth)
{
    struct dirent **entries;
    int n = depth > DEPTH_MAX ? -1 : scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char path[1024];
        int length = snprintf(path, sizeof(path), "%s/%s", folder, entries[i]->d_name);
        bool hidden = entries[i]->d_name[0] == '.';
        free(entries[i]);
        struct stat status;
        if (hidden || length < 0 || (size_t)length >= sizeof(path) || stat(path, &status) != 0) {
            continue;
        }
        if (S_ISDIR(status.st_mode)) {
            add_folder(tree, path, depth + 1);
        } else if (is_written_text(path)) {
            add_file(tree, path);
        }
    }
    if (n >= 0) {
        free(entries);
    }
}

/* ---- layers ---- */

static bool in_source(const struct file *file)
{
    return starts_with(file->path, "src/");
}

/* "src/app/draw/x.c" is in room "app", "src/main.c" in room "main.c". */
static void room_of(const char *below_src, char room[32])
{
    size_t n = strcspn(below_src, "/");
    n = n < 31 ? n : 31;
    memcpy(room, below_src, n);
    room[n] = '\0';
}

static bool in_room(const struct file *file, const char *name)
{
    char room[32];
    room_of(file->path + strlen("src/"), room);
    return in_source(file) && strcmp(room, name) == 0;
}

static struct file *file_named(struct tree *tree, const char *below_src)
{
    for (size_t i = 0; i < tree->n; i++) {
        if (in_source(&tree->files[i]) &&
            strcmp(tree->files[i].path + strlen("src/"), below_src) == 0) {
            return &tree->files[i];
        }
    }
    return NULL;
}

/* The next #include from *at on: its name, and whether it stands in quotes. */
static bool next_include(const struct file *file, size_t *at, char name[128], bool *quoted,
                         size_t *line)
{
    static const char word[] = "include";
    for (; *at < file->n; (*at)++) {
        if (file->code[*at] != '#' || (*at > 0 && file->code[*at - 1] != '\n')) {
            continue;
        }
        size_t i = *at + 1 + strspn(file->code + *at + 1, " \t");
        if (!starts_with(file->code + i, word)) {
            continue;
        }
        i += strlen(word);
        i += strspn(file->code + i, " \t");
        *quoted = file->text[i] == '"';
        size_t n = strcspn(file->text + i + 1, "\">\n");
        n = n < 127 ? n : 127;
        memcpy(name, file->text + i + 1, n);
        name[n] = '\0';
        *line = line_of(file->text, *at);
        *at = i;
        return true;
    }
    return false;
}

/* How high the inner room of "core/cube/x.h" stands; 0: it is in none of them. */
static size_t height_of(const char *inner, const char *below_src)
{
    char word[34];
    const char *slash = strchr(below_src, '/');
    size_t n = slash ? strcspn(slash + 1, "/") : 0;
    if (n == 0 || n > 30 || slash[1 + n] != '/') {
        return 0;
    }
    (void)snprintf(word, sizeof(word), " %.*s ", (int)n, slash + 1);
    const char *at = strstr(inner, word);
    return at ? (size_t)(at - inner) + 1 : 0;
}

static void check_place(struct file *file)
{
    for (size_t i = 0; i < sizeof(divided) / sizeof(divided[0]); i++) {
        if (in_room(file, divided[i].room) &&
            height_of(divided[i].inner, file->path + strlen("src/")) == 0) {
            finding(file, 1, "include.layer", "is in no room of src/%s/:%s", divided[i].room,
                    divided[i].inner);
        }
    }
}

/* Both are in the room `from`. */
static void check_inner_include(struct file *file, size_t line, const char *from, const char *name)
{
    for (size_t i = 0; i < sizeof(divided) / sizeof(divided[0]); i++) {
        if (!strcmp(divided[i].room, from) &&
            height_of(divided[i].inner, name) >
                height_of(divided[i].inner, file->path + strlen("src/"))) {
            finding(file, line, "include.layer",
                    "\"%s\" stands above this file; from the ground:%s", name, divided[i].inner);
        }
    }
}

static void check_quoted_include(struct tree *tree, struct file *file, size_t line,
                                 const char *name)
{
    char from[32];
    char to[34] = " ";
    room_of(file->path + strlen("src/"), from);
    room_of(name, to + 1);
    size_t length = strlen(name);
    if (length > 4 && !strcmp(name + length - 4, ".inc") && !strcmp(from, to + 1)) {
        return; /* a list of the room's own, given a meaning by whoever includes it */
    }
    if (!strchr(name, '/') || !file_named(tree, name)) {
        finding(file, line, "include.form", "\"%s\" is not a header of src/, written room/name.h",
                name);
        return;
    }
    if (strcmp(from, to + 1) == 0) {
        check_inner_include(file, line, from, name);
    }
    memcpy(to + strlen(to), " ", 2);
    for (size_t i = 0; i < sizeof(layers) / sizeof(layers[0]); i++) {
        if (strcmp(layers[i].from, from) == 0) {
            if (!strstr(layers[i].to, to)) {
                finding(file, line, "include.layer", "%s may not include \"%s\"", from, name);
            }
            return;
        }
    }
    finding(file, line, "include.layer", "%s is not a room of the house", from);
}

static void check_includes(struct tree *tree, struct file *file)
{
    char name[128];
    bool quoted;
    size_t line;
    for (size_t at = 0; next_include(file, &at, name, &quoted, &line);) {
        if (quoted) {
            check_quoted_include(tree, file, line, name);
            continue;
        }
        for (size_t i = 0; i < sizeof(drivers) / sizeof(drivers[0]); i++) {
            if (starts_with(name, drivers[i].header) && !in_room(file, drivers[i].room)) {
                finding(file, line, "include.driver", "<%s> belongs in src/%s/ only", name,
                        drivers[i].room);
            }
        }
    }
}

/* Depth-first; depth is bounded by the number of headers, which are ours. */
static void check_cycle(struct tree *tree, struct file *file)
{
    char name[128];
    bool quoted;
    size_t line;
    file->visit = 1;
    for (size_t at = 0; next_include(file, &at, name, &quoted, &line);) {
        struct file *next = quoted ? file_named(tree, name) : NULL;
        if (next && next->visit == 1) {
            finding(file, line, "include.cycle", "\"%s\" includes this file in turn", name);
        } else if (next && next->visit == 0) {
            check_cycle(tree, next);
        }
    }
    file->visit = 2;
}

/* ---- SQL ---- */

/* Whether the table is one of tool/reference_tables.txt ("name reason" a line). */
static bool is_reference_table(const struct tree *tree, const char *name, size_t n)
{
    for (const char *line = tree->tables; line && *line;) {
        if (strncmp(line, name, n) == 0 && line[n] == ' ') {
            return true;
        }
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    return false;
}

/* Name of the table whose definition or index precedes `at`; length 0 when there is none. */
static const char *table_before(const char *sql, size_t at, size_t *n)
{
    static regex_t expression;
    static bool ready;
    if (!ready) {
        expression = compiled("(create[ ]+(temp[a-z]*[ ]+)?table[ ]+(if[ ]+not[ ]+exists[ ]+)?|"
                              "index[ ].*[ ]on[ ]+)",
                              REG_ICASE);
        ready = true;
    }
    const char *name = sql;
    *n = 0;
    size_t start;
    size_t end;
    for (const char *from = sql; matches(&expression, from, &start, &end);) {
        if ((size_t)(from - sql) + end > at) {
            break;
        }
        from += end;
        name = from;
        *n = strcspn(from, " (");
    }
    return name;
}

/* A key must name office, unless its table is a reference table. `at` stands after the keyword. */
static void check_key(const struct tree *tree, struct file *file, const struct literal *literal,
                      size_t at, const char *what)
{
    static regex_t office;
    static bool ready;
    if (!ready) {
        office = compiled("\\<office\\>", REG_ICASE);
        ready = true;
    }
    size_t name_n;
    const char *name = table_before(literal->text, at, &name_n);
    if (name_n > 0 && is_reference_table(tree, name, name_n)) {
        return;
    }
    size_t open = at + strspn(literal->text + at, " ");
    char columns[256] = "";
    if (literal->text[open] == '(') {
        size_t n = strcspn(literal->text + open, ")");
        n = n < sizeof(columns) - 1 ? n : sizeof(columns) - 1;
        memcpy(columns, literal->text + open, n);
    }
    size_t start;
    size_t end;
    if (!matches(&office, columns, &start, &end)) {
        finding(file, literal->line[at > 0 ? at - 1 : 0], "sql.key",
                "%s of table %.*s lacks office; reference tables are named in "
                "tool/reference_tables.txt",
                what, (int)name_n, name);
    }
}

static void check_keys(const struct tree *tree, struct file *file, const struct literal *literal)
{
    static const struct {
        const char *pattern, *what;
    } keys[] = {
        {"primary[ ]+key", "primary key"},
        {"unique[ ]*\\(", "unique constraint"},
        {"unique[ ]+index[ ][^(]*\\(", "unique index"},
    };
    for (size_t k = 0; k < sizeof(keys) / sizeof(keys[0]); k++) {
        regex_t expression = compiled(keys[k].pattern, REG_ICASE);
        size_t base = 0;
        size_t start;
        size_t end;
        while (matches(&expression, literal->text + base, &start, &end)) {
            bool bracket = literal->text[base + end - 1] == '(';
            check_key(tree, file, literal, base + end - (bracket ? 1 : 0), keys[k].what);
            base += end;
        }
        regfree(&expression);
    }
}

/* The source line `line` of the file contains the text. */
static bool line_contains(const struct file *file, size_t line, const char *text)
{
    const char *at = file->text;
    for (size_t i = 1; i < line && at; i++) {
        at = strchr(at, '\n');
        at = at ? at + 1 : NULL;
    }
    const char *hit = at ? strstr(at, text) : NULL;
    return hit && (size_t)(hit - at) < strcspn(at, "\n");
}

static void check_sql_bans(struct file *file, const struct literal *literal)
{
    static const struct {
        const char *pattern, *message;
        bool integer_allowed;
    } bans[] = {
        {"\\<(autoincrement|(big|small)?serial|nextval)\\>", "ids are made by the program", false},
        {"\\<create[ ]+(or[ ]+replace[ ]+)?(trigger|function|procedure|sequence)\\>",
         "no triggers, functions or sequences in the database", false},
        {"\\<(avg|total)[ ]*\\(", "means are made in the program, exactly", false},
        {"\\<sum[ ]*\\(",
         "sums of decimals are made in the program; an integer sum carries "
         "/* exact: integer */ on its line",
         true},
    };
    for (size_t k = 0; k < sizeof(bans) / sizeof(bans[0]); k++) {
        regex_t expression = compiled(bans[k].pattern, REG_ICASE);
        size_t base = 0;
        size_t start;
        size_t end;
        while (matches(&expression, literal->text + base, &start, &end)) {
            size_t line = literal->line[base + start];
            if (!bans[k].integer_allowed || !line_contains(file, line, "/* exact: integer */")) {
                finding(file, line, "sql.ban", "%s", bans[k].message);
            }
            base += end;
        }
        regfree(&expression);
    }
}

static void check_sql(const struct tree *tree, struct file *file)
{
    regex_t statement = compiled("^ *(select .* from |insert +(or +[a-z]+ +)?into |update .* set |"
                                 "delete +from |create +(unique +|temp[a-z]* +|virtual +)*(table|"
                                 "index|view|trigger|schema) |alter +(table|database|system) |"
                                 "drop +(table|index|view|schema|database) )",
                                 REG_ICASE);
    regex_t capitals = compiled("^ *(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP) ", 0);
    bool allowed = in_room(file, "store") || in_room(file, "core");
    for (size_t i = 0; i < file->literals_n; i++) {
        const struct literal *literal = &file->literals[i];
        size_t start;
        size_t end;
        if (allowed && literal->n > 0) {
            check_keys(tree, file, literal);
            check_sql_bans(file, literal);
        } else if (!allowed && (matches(&statement, literal->text, &start, &end) ||
                                matches(&capitals, literal->text, &start, &end))) {
            finding(file, literal->line[0], "sql.place",
                    "SQL text belongs in src/store/ and src/core/");
        }
    }
    regfree(&statement);
    regfree(&capitals);
}

/* ---- bans, sizes, comments, paths, events ---- */

static void check_pattern(struct file *file, const char *text, const char *pattern,
                          const char *rule, const char *message)
{
    regex_t expression = compiled(pattern, REG_NEWLINE);
    size_t base = 0;
    size_t start;
    size_t end;
    while (matches(&expression, text + base, &start, &end)) {
        size_t n = end - start;
        finding(file, line_of(text, base + start), rule, "%.*s: %s", (int)(n < 60 ? n : 60),
                text + base + start, message);
        base += end > start ? end : end + 1;
    }
    regfree(&expression);
}

static void check_bans(struct file *file)
{
    check_pattern(file, file->code,
                  "\\<(strcpy|strcat|sprintf|vsprintf|gets|strtok|strtok_r|atoi|atol|atoll|atof|"
                  "v?[fs]?scanf|localtime|localtime_r|gmtime|asctime|ctime|rand|srand|system|popen|"
                  "setjmp|longjmp|alloca)[ ]*\\(",
                  "ban.function", "banned, see CONTRIBUTING.md");
    check_pattern(file, file->code, "\\<float\\>[^.]", "ban.float",
                  "decimals are exact, engines use double");
    if (!in_room(file, "base")) {
        check_pattern(file, file->code,
                      "\\<(malloc|calloc|realloc|reallocarray|free|strdup|strndup|asprintf|"
                      "vasprintf)[ ]*\\(",
                      "ban.memory", "memory comes from an arena or zh_alloc");
    }
}

static void check_sizes(struct file *file)
{
    size_t line = 1;
    size_t opened = 0;
    for (size_t i = 0; i < file->n; i++) {
        bool first = i == 0 || file->code[i - 1] == '\n';
        if (first && file->code[i] == '{') {
            opened = line;
        } else if (first && file->code[i] == '}' && opened > 0) {
            if (line - opened + 1 > FUNCTION_LINES_MAX) {
                finding(file, opened, "size.function", "%zu lines, at most %d", line - opened + 1,
                        FUNCTION_LINES_MAX);
            }
            opened = 0;
        }
        line += file->code[i] == '\n';
    }
    /* A table of generated data may be as long as its data. */
    if (line - 1 > FILE_LINES_MAX && !ends_with(file->path, "_table.c")) {
        finding(file, line - 1, "size.file", "%zu lines, at most %d", line - 1, FILE_LINES_MAX);
    }
}

static void check_purpose(struct file *file)
{
    const char *end = strstr(file->text, "*/");
    if (!starts_with(file->text, "/*") || !end || end - file->text < PURPOSE_BYTES_MIN) {
        finding(file, 1, "purpose", "a file begins with a comment that says its purpose");
    }
}

static void check_machine_paths(struct file *file)
{
    check_pattern(file, file->text, "(^|[^A-Za-z0-9_.:/{}$-])/(home|work|root|Users)/",
                  "path.machine", "a path of one machine");
}

/* zh_log(LEVEL, "event", ...) and zh_log_err(LEVEL, "event", ...). */
static void check_events(const struct tree *tree, struct file *file)
{
    regex_t call = compiled("\\<zh_log(_err)?\\([^,;]*,[ \n]*\"", 0);
    size_t base = 0;
    size_t start;
    size_t end;
    while (matches(&call, file->code + base, &start, &end)) {
        char event[80];
        size_t n = strcspn(file->text + base + end, "\"\n");
        n = n < 70 ? n : 70;
        (void)snprintf(event, sizeof(event), "\"%.*s\"", (int)n, file->text + base + end);
        if (!tree->events || !strstr(tree->events, event)) {
            finding(file, line_of(file->text, base + start), "log.event",
                    "%s is not declared in src/base/log_events.h", event);
        }
        base += end;
    }
    regfree(&call);
}

static void check_file(struct tree *tree, struct file *file)
{
    check_machine_paths(file);
    if (!is_c(file->path)) {
        return;
    }
    check_sizes(file);
    check_purpose(file);
    if (!in_source(file)) {
        return;
    }
    check_place(file);
    check_includes(tree, file);
    if (file->visit == 0) {
        check_cycle(tree, file);
    }
    check_sql(tree, file);
    check_bans(file);
    check_events(tree, file);
}

static void release(struct tree *tree)
{
    for (size_t i = 0; i < tree->n; i++) {
        struct file *file = &tree->files[i];
        for (size_t k = 0; k < file->literals_n; k++) {
            free(file->literals[k].text);
            free(file->literals[k].line);
        }
        free(file->literals);
        free(file->code);
        free(file->text);
        free(file->path);
    }
    free(tree->files);
    free(tree->tables);
    free(tree->events);
}

int main(int argc, char **argv)
{
    static const char *const places[] = {"src", "tool", "tests", "bench", "packs", "doc", "ui"};
    static const char *const alone[] = {"Makefile", "run",       "test",
                                        ".ci/run",  "README.md", "CONTRIBUTING.md"};
    struct stat status;
    if (argc != 2 || chdir(argv[1]) != 0) {
        (void)fputs("usage: checksrc ROOT\n", stderr);
        return 2;
    }
    struct tree tree = {0};
    size_t n;
    tree.tables = read_text("tool/reference_tables.txt", &n);
    tree.events = read_text("src/base/log_events.h", &n);
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
        add_folder(&tree, places[i], 0);
    }
    for (size_t i = 0; i < sizeof(alone) / sizeof(alone[0]); i++) {
        if (stat(alone[i], &status) == 0 && S_ISREG(status.st_mode)) {
            add_file(&tree, alone[i]);
        }
    }
    size_t passed = 0;
    size_t failed = 0;
    for (size_t i = 0; i < tree.n; i++) {
        check_file(&tree, &tree.files[i]);
    }
    for (size_t i = 0; i < tree.n; i++) {
        failed += tree.files[i].findings;
        passed += tree.files[i].findings == 0;
    }
    release(&tree);
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
