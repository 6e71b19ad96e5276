/* The model compiler: passes over all files, and the snapshot's life.
 *
 * Limits: ZH_MODEL_FILES_MAX files, ZH_MODEL_BYTES_MAX bytes, ZH_MODEL_REGISTERS_MAX registers, and
 * those of each part. The snapshot is immutable after zh_model_compile and may be read by any
 * number of threads. */
#include "model/compile.h"
#include "base/utf8.h"
#include "model/grammar.h"
#include "model/recipe.h"
#include <openssl/evp.h>
#include <stdatomic.h>
#include <string.h>

#define MODEL_ARENA_BYTES ((size_t)2 << 30)

/* ---- life of a snapshot ------------------------------------------------------------------------
 */

typedef struct snapshot {
    zh_model model; /* first: a zh_model * is a snapshot * */
    atomic_uint references;
} snapshot;

zh_model *zh_model_retain(zh_model *model)
{
    snapshot *s = (snapshot *)model;
    unsigned before = atomic_fetch_add_explicit(&s->references, 1, memory_order_relaxed);
    zh_assert(before > 0);
    return model;
}

void zh_model_release(zh_model *model)
{
    if (model == NULL) {
        return;
    }
    snapshot *s = (snapshot *)model;
    unsigned before = atomic_fetch_sub_explicit(&s->references, 1, memory_order_acq_rel);
    zh_assert(before > 0);
    if (before == 1) {
        zh_arena_free(model->arena);
    }
}

/* ---- look-ups ----------------------------------------------------------------------------------
 */

const zh_register *zh_model_register(const zh_model *model, zh_str id)
{
    return zh_map_get(&model->register_by_id, id);
}

const zh_codes *zh_model_codes(const zh_model *model, zh_str id)
{
    return zh_map_get(&model->codes_by_id, id);
}

const zh_outline *zh_model_outline(const zh_model *model, zh_str id)
{
    for (size_t i = 0; i < model->noutlines; i++) {
        if (zh_str_eq(model->outlines[i].id, id)) {
            return &model->outlines[i];
        }
    }
    return NULL;
}

const zh_outline *zh_model_outline_by_tag(const zh_model *model, zh_str tag)
{
    for (size_t i = 0; i < model->noutlines; i++) {
        if (tag.n > 0 && zh_str_eq(model->outlines[i].tag, tag)) {
            return &model->outlines[i];
        }
    }
    return NULL;
}

const zh_indicator *zh_model_indicator(const zh_model *model, zh_str id)
{
    return zh_map_get(&model->indicator_by_id, id);
}

static const zh_field *find_field(const zh_field *fields, size_t n, zh_str id)
{
    for (size_t i = 0; i < n; i++) {
        if (zh_str_eq(fields[i].id, id)) {
            return &fields[i];
        }
    }
    return NULL;
}

const zh_field *zh_register_field(const zh_register *reg, zh_str id)
{
    const zh_field *f = find_field(reg->fields, reg->nfields, id);
    for (size_t dot = 0; f == NULL && dot < id.n; dot++) {
        if (id.p[dot] != '.') {
            continue;
        }
        const zh_field *table = find_field(reg->fields, reg->nfields, zh_str_sub(id, 0, dot));
        if (table != NULL && table->type == ZH_TYPE_TABLE) {
            f = find_field(table->columns, table->ncolumns, zh_str_sub(id, dot + 1, id.n));
        }
    }
    return f;
}

const zh_value *zh_record_value(const zh_record *record, const char *field)
{
    static const zh_value none = {.kind = ZH_NULL};
    const zh_field *f = zh_register_field(record->reg, zh_str_of(field));
    return f != NULL && f->table == NULL ? &record->values[f->index] : &none;
}

bool zh_field_is_signature(const zh_field *field)
{
    const zh_register *reg = field->owner;
    for (size_t i = 0; i < reg->ntransitions; i++) {
        if (reg->transitions[i].signature == field) {
            return true;
        }
    }
    return false;
}

int zh_register_state(const zh_register *reg, zh_str id)
{
    for (size_t i = 0; i < reg->nstates; i++) {
        if (zh_str_eq(reg->states[i].id, id)) {
            return (int)i;
        }
    }
    return -1;
}

const zh_transition *zh_register_transition(const zh_register *reg, zh_str id)
{
    for (size_t i = 0; i < reg->ntransitions; i++) {
        if (zh_str_eq(reg->transitions[i].id, id)) {
            return &reg->transitions[i];
        }
    }
    return NULL;
}

/* ---- reading -----------------------------------------------------------------------------------
 */

static bool is_yaml(zh_str path)
{
    return zh_str_ends(path, ZH_STR(".yaml")) || zh_str_ends(path, ZH_STR(".yml"));
}

static void refuse_file(zh_cx *cx, zh_str path, const char *rule, const char *message)
{
    zh_cx_line_error(cx, path, 1, rule, "%s", message);
}

/* Copies the files as NFC into the arena: the model borrows from its own copy only. */
static bool take_files(zh_cx *cx, const zh_pack_file *files, size_t n)
{
    zh_pack_file *own = ZH_NEW_N(cx->arena, zh_pack_file, n + 1);
    zh_map paths;
    zh_map_init(&paths, cx->arena);
    for (size_t i = 0; i < n; i++) {
        zh_str text = files[i].text;
        own[i].path = zh_str_dup(cx->arena, files[i].path);
        if (zh_str_starts(text, ZH_STR("\xEF\xBB\xBF"))) {
            text = zh_str_sub(text, 3, text.n);
        }
        if (zh_map_put(&paths, own[i].path, &own[i]) != NULL) {
            refuse_file(cx, files[i].path, "model.file.duplicate", "文件给了两次");
        } else if (!zh_utf8_valid(text)) {
            refuse_file(cx, files[i].path, "model.encoding", "文件不是 UTF-8");
        } else if (zh_utf8_nfc(cx->arena, text, &text) != ZH_OK ||
                   !zh_str_try_dup(cx->arena, text, &own[i].text)) {
            refuse_file(cx, files[i].path, "model.memory", "声明文件超出可用内存");
            cx->rc = ZH_ENOMEM;
            return false;
        }
    }
    cx->files = own;
    cx->nfiles = n;
    cx->model->sources = own;
    cx->model->nsources = n;
    cx->model->sources = own;
    cx->model->nsources = n;
    return true;
}

static void digest_files(zh_cx *cx)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned int length = 0;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    bool right = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
    for (size_t i = 0; i < cx->nfiles && right; i++) {
        const zh_pack_file *f = &cx->files[i];
        uint64_t sizes[2] = {f->path.n, f->text.n};
        unsigned char prefix[16];
        for (size_t b = 0; b < sizeof(prefix); b++) {
            prefix[b] = (unsigned char)(sizes[b / 8] >> (56 - 8 * (b % 8)));
        }
        right = EVP_DigestUpdate(md, prefix, sizeof(prefix)) == 1 &&
                EVP_DigestUpdate(md, f->path.p, f->path.n) == 1 &&
                EVP_DigestUpdate(md, f->text.p, f->text.n) == 1;
    }
    right = right && EVP_DigestFinal_ex(md, hash, &length) == 1;
    EVP_MD_CTX_free(md);
    zh_assert(right && length == 32); /* SHA-256 of memory cannot fail */
    char *hex = zh_arena_alloc(cx->arena, (size_t)length * 2 + 1);
    for (unsigned i = 0; i < length; i++) {
        static const char digits[] = "0123456789abcdef";
        hex[2 * i] = digits[hash[i] >> 4];
        hex[2 * i + 1] = digits[hash[i] & 15];
    }
    cx->model->digest = (zh_str){hex, (size_t)length * 2};
}

typedef struct roots {
    const zh_yaml **p;
    size_t n;
} roots;

static void read_yaml(zh_cx *cx, roots *out)
{
    out->p = ZH_NEW_N(cx->arena, const zh_yaml *, cx->nfiles + 1);
    for (size_t i = 0; i < cx->nfiles; i++) {
        zh_yaml *root;
        zh_err err = {0};
        if (!is_yaml(cx->files[i].path) || cx->files[i].text.p == NULL) {
            continue; /* no text: refused already */
        }
        if (zh_yaml_parse(cx->arena, cx->files[i].text, zh_str_c(cx->arena, cx->files[i].path),
                          &root, &err) != ZH_OK) {
            zh_err_where(&err, "%.*s:1:1", ZH_FMT(cx->files[i].path));
            zh_cx_forward(cx, NULL, &err);
            continue;
        }
        zh_schema_check(cx, root, zh_grammar_file());
        out->p[out->n++] = root;
    }
}

/* ---- passes ------------------------------------------------------------------------------------
 */

/* Upper bound of the code systems: declared ones, that of roles, and one for each field or
 * transition. */
static size_t bound_systems(const roots *r)
{
    size_t n = 2;
    for (size_t i = 0; i < r->n; i++) {
        for (const zh_yaml *c = zh_first(r->p[i], "codes"); c != NULL; c = zh_next(c)) {
            n++;
        }
        for (const zh_yaml *g = zh_first(r->p[i], "registers"); g != NULL; g = zh_next(g)) {
            for (const zh_yaml *t = zh_first(g, "transitions"); t != NULL; t = zh_next(t)) {
                n++;
            }
            for (const zh_yaml *f = zh_first(g, "fields"); f != NULL; f = zh_next(f)) {
                n++;
                for (const zh_yaml *c = zh_first(f, "fields"); c != NULL; c = zh_next(c)) {
                    n++;
                }
            }
        }
    }
    return n;
}

static void parse_registers(zh_cx *cx, const roots *r, zh_reg_builds *builds)
{
    for (size_t i = 0; i < r->n; i++) {
        for (const zh_yaml *g = zh_first(r->p[i], "registers"); g != NULL; g = zh_next(g)) {
            zh_reg_build b = {.node = g, .root = r->p[i]};
            zh_vec_push(cx->arena, builds, b);
        }
    }
    if (builds->n > ZH_MODEL_REGISTERS_MAX) {
        zh_cx_error(cx, builds->p[ZH_MODEL_REGISTERS_MAX].node, "model.registers.limit", NULL,
                    "至多 %zu 个登记册", ZH_MODEL_REGISTERS_MAX);
        builds->n = ZH_MODEL_REGISTERS_MAX;
    }
    zh_register *all = ZH_NEW_N(cx->arena, zh_register, builds->n + 1);
    cx->model->registers = all;
    cx->model->nregisters = builds->n;
    for (size_t i = 0; i < builds->n; i++) {
        zh_reg_build *b = &builds->p[i];
        b->reg = &all[i];
        all[i].index = (uint16_t)i;
        zh_parse_register(cx, b);
        if (all[i].id.n > 0 && zh_map_put(&cx->model->register_by_id, all[i].id, &all[i]) != NULL) {
            zh_cx_error(cx, zh_yaml_get(b->node, "id"), "register.duplicate", NULL,
                        "登记册「%.*s」重复", ZH_FMT(all[i].id));
        }
    }
}

/* Mechanisms that a file says it serves must be among those declared, when any are. */
static void check_systems(zh_cx *cx, const roots *r)
{
    const zh_model *model = cx->model;
    zh_str *known = ZH_NEW_N(cx->arena, zh_str, model->nmechanisms + 1);
    for (size_t i = 0; i < model->nmechanisms; i++) {
        known[i] = model->mechanisms[i].id;
    }
    for (size_t i = 0; i < r->n && model->nmechanisms > 0; i++) {
        for (const zh_yaml *n = zh_first(r->p[i], "systems"); n != NULL; n = zh_next(n)) {
            size_t k = 0;
            while (k < model->nmechanisms && !zh_str_eq(known[k], n->text)) {
                k++;
            }
            if (k == model->nmechanisms) {
                zh_cx_error(cx, n, "systems.unknown",
                            zh_schema_nearest(cx->arena, n->text, known, model->nmechanisms),
                            "没有机制“%.*s”", ZH_FMT(n->text));
            }
        }
    }
}

static void collect_recipes(zh_cx *cx, const roots *r)
{
    ZH_VEC(const zh_yaml *) nodes = {0};
    for (size_t i = 0; i < r->n; i++) {
        for (const zh_yaml *n = zh_first(r->p[i], "recipes"); n != NULL; n = zh_next(n)) {
            zh_vec_push(cx->arena, &nodes, n);
        }
    }
    cx->model->recipe_nodes = nodes.p;
    cx->model->nrecipe_nodes = nodes.n;
}

static void each(zh_cx *cx, zh_reg_builds *builds, void (*pass)(zh_cx *cx, zh_reg_build *b))
{
    for (size_t i = 0; i < builds->n; i++) {
        pass(cx, &builds->p[i]);
    }
}

static void run_passes(zh_cx *cx)
{
    roots r = {0};
    zh_reg_builds builds = {0};
    zh_map_init(&cx->model->register_by_id, cx->arena);
    zh_map_init(&cx->model->codes_by_id, cx->arena);
    zh_map_init(&cx->model->recipe_by_id, cx->arena);
    read_yaml(cx, &r);
    cx->systems_max = bound_systems(&r);
    cx->systems = ZH_NEW_N(cx->arena, zh_codes, cx->systems_max);
    cx->model->systems = cx->systems;
    zh_parse_units(cx, r.p, r.n);
    zh_parse_calendar(cx, r.p, r.n);
    zh_parse_codes(cx, r.p, r.n);
    zh_parse_roles(cx, r.p, r.n);
    zh_parse_mechanisms(cx, r.p, r.n);
    collect_recipes(cx, &r);
    parse_registers(cx, &r, &builds);
    if (cx->errors > 0) {
        return;
    }
    each(cx, &builds, zh_link_fields);
    each(cx, &builds, zh_link_keys);
    if (cx->errors > 0) {
        return;
    }
    each(cx, &builds, zh_compile_register);
    each(cx, &builds, zh_parse_measures);
    if (cx->errors > 0) {
        return;
    }
    zh_parse_indicators(cx, r.p, r.n);
    each(cx, &builds, zh_check_declared);
    each(cx, &builds, zh_check_roles);
    zh_parse_detectors(cx, r.p, r.n);
    zh_parse_outlines(cx, r.p, r.n);
    zh_recipes_build(cx);
    check_systems(cx, &r);
}

zh_rc zh_model_compile(const zh_pack_file *files, size_t n, zh_model **out, zh_buf *report,
                       zh_err *err)
{
    size_t bytes = 0;
    *out = NULL;
    for (size_t i = 0; i < n; i++) {
        bytes += files[i].text.n;
    }
    if (n > ZH_MODEL_FILES_MAX || bytes > ZH_MODEL_BYTES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "model.limit", "声明至多 %zu 个文件、共 %zu 字节",
                          ZH_MODEL_FILES_MAX, ZH_MODEL_BYTES_MAX);
    }
    zh_arena *arena = zh_arena_new(MODEL_ARENA_BYTES);
    snapshot *s = ZH_NEW(arena, snapshot);
    s->model.arena = arena;
    atomic_init(&s->references, 1);
    zh_cx cx = {.arena = arena, .model = &s->model, .report = report, .err = err};
    if (take_files(&cx, files, n)) {
        digest_files(&cx);
        run_passes(&cx);
    }
    if (cx.rc != ZH_OK) {
        zh_arena_free(arena);
        return cx.rc;
    }
    *out = &s->model;
    return ZH_OK;
}
