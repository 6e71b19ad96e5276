/* Vectors of the engines: cases with an input, the expected members and a tolerance. The engine is
 * called as `zhiheng calc` calls it, and what it writes is read back and compared. */
#include "engine/engine.h"
#include "vectors/vectors.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define OUTPUT_BYTES_MAX ((size_t)256 << 20)

struct tolerance {
    double rel, abs;
    const zh_json *fields;
};

static double number_or(const zh_json *object, const char *name, double otherwise)
{
    const zh_json *value = object ? zh_json_get(object, name) : NULL;
    double x;
    return value && zh_json_double(value, &x) == ZH_OK ? x : otherwise;
}

static const zh_json *member(const zh_json *object, zh_str name)
{
    for (const zh_json *m = object->first; m; m = m->next) {
        if (zh_str_eq(m->name, name)) {
            return m;
        }
    }
    return NULL;
}

/* The tolerance inside member `name`: its own entry in fields overrides the one around it. */
static struct tolerance inside(struct tolerance t, zh_str name)
{
    const zh_json *own = t.fields ? member(t.fields, name) : NULL;
    t.rel = number_or(own, "rel", t.rel);
    t.abs = number_or(own, "abs", t.abs);
    return t;
}

struct difference {
    char where[200];
    char what[200];
};

static bool differ(struct difference *d, const char *format, ...) ZH_PRINTF(2, 3);

static bool differ(struct difference *d, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    (void)vsnprintf(d->what, sizeof(d->what), format, list);
    va_end(list);
    return false;
}

static bool same_number(const zh_json *expected, const zh_json *got, struct tolerance t,
                        struct difference *d)
{
    double e;
    double g;
    if (zh_json_double(expected, &e) != ZH_OK || zh_json_double(got, &g) != ZH_OK) {
        return differ(d, "a number is expected, not what was given");
    }
    if (e == g) {
        return true;
    }
    double slack = fmax(t.abs, t.rel * fabs(e));
    return fabs(g - e) <= slack || differ(d, "expected %.15g, got %.15g", e, g);
}

static bool same(const zh_json *expected, const zh_json *got, struct tolerance t,
                 struct difference *d);

static bool same_members(const zh_json *expected, const zh_json *got, struct tolerance t,
                         struct difference *d)
{
    for (const zh_json *e = expected->first; e; e = e->next) {
        const zh_json *g = member(got, e->name);
        size_t used = strlen(d->where);
        (void)snprintf(d->where + used, sizeof(d->where) - used, ".%.*s", ZH_FMT(e->name));
        if (!g) {
            return differ(d, "is missing");
        }
        if (!same(e, g, inside(t, e->name), d)) {
            return false;
        }
        d->where[used] = '\0';
    }
    return true;
}

static bool same_elements(const zh_json *expected, const zh_json *got, struct tolerance t,
                          struct difference *d)
{
    if (expected->n != got->n) {
        return differ(d, "expected %.0f elements, got %.0f", (double)expected->n, (double)got->n);
    }
    const zh_json *g = got->first;
    size_t i = 1;
    for (const zh_json *e = expected->first; e; e = e->next, g = g->next, i++) {
        size_t used = strlen(d->where);
        (void)snprintf(d->where + used, sizeof(d->where) - used, "[%zu]", i);
        if (!same(e, g, t, d)) {
            return false;
        }
        d->where[used] = '\0';
    }
    return true;
}

static bool is_number(const zh_json *value)
{
    double x;
    return zh_json_double(value, &x) == ZH_OK;
}

static bool same(const zh_json *expected, const zh_json *got, struct tolerance t,
                 struct difference *d)
{
    if (is_number(expected)) {
        return same_number(expected, got, t, d);
    }
    if (expected->kind != got->kind) {
        return differ(d, "is of another kind");
    }
    switch (expected->kind) {
    case ZH_JSON_OBJECT: return same_members(expected, got, t, d);
    case ZH_JSON_ARRAY: return same_elements(expected, got, t, d);
    case ZH_JSON_BOOL: return expected->boolean == got->boolean || differ(d, "is the opposite");
    case ZH_JSON_NULL: return true;
    case ZH_JSON_NUMBER:
    case ZH_JSON_STRING:
        return zh_str_eq(expected->text, got->text) || differ(d, "is another text");
    }
    return false;
}

#define LOWER 1e-9 /* share by which a likelihood counts as better than another */

static double fitted(const zh_json *fit, const char *name)
{
    return number_or(fit->kind == ZH_JSON_OBJECT ? fit : NULL, name, (double)NAN);
}

/* The fit of a mixture: its components may be in the other order, and a smaller negative
 * log-likelihood is a better answer whatever the parameters. */
static bool same_fit(const zh_json *expected, const zh_json *got, struct tolerance t,
                     struct difference *d)
{
    static const char *const names[] = {"alpha1", "beta1", "alpha2", "beta2", "p"};
    static const char *const swapped[] = {"alpha2", "beta2", "alpha1", "beta1", "p"};
    double e = fitted(expected, "neg_log_lik");
    double g = fitted(got, "neg_log_lik");
    if (g < e - LOWER * fabs(e)) {
        return true;
    }
    if (same(expected, got, t, d)) {
        return true;
    }
    struct tolerance likelihood = inside(t, ZH_STR("neg_log_lik"));
    bool all = fabs(g - e) <= fmax(likelihood.abs, likelihood.rel * fabs(e));
    for (size_t i = 0; i < ZH_COUNTOF(names); i++) {
        double wanted = fitted(expected, names[i]);
        double given = fitted(got, swapped[i]);
        given = strcmp(names[i], "p") == 0 ? 1.0 - given : given;
        all = all && fabs(given - wanted) <= fmax(t.abs, t.rel * fabs(wanted));
    }
    return all;
}

static const zh_engine *find(zh_str name)
{
    for (size_t i = 0; i < zh_engines_n; i++) {
        if (zh_str_is(name, zh_engines[i]->name)) {
            return zh_engines[i];
        }
    }
    return NULL;
}

/* NULL, or what is wrong. */
static const char *run_case(struct run *run, zh_arena *arena, const zh_json *in, const char *name,
                            zh_buf *out, struct difference *d)
{
    const zh_engine *engine = find(zh_str_of(name));
    const zh_json *input = zh_json_get(in, "input");
    const zh_json *expected = zh_json_get(in, "expected");
    const zh_json *tolerance = zh_json_get(in, "tolerance");
    if (!engine) {
        return "no such calculation";
    }
    if (!input || input->kind != ZH_JSON_OBJECT || !expected || !tolerance) {
        return "the case has no input, expected or tolerance";
    }
    zh_jw writer;
    zh_json *got;
    zh_jw_init(&writer, out, 0);
    if (engine->run(arena, input, &writer, &run->err) != ZH_OK) {
        return "refused";
    }
    if (zh_json_parse(arena, zh_buf_view(out), &got, &run->err) != ZH_OK) {
        return "what it wrote is not JSON";
    }
    struct tolerance t = {number_or(tolerance, "rel", 0.0), number_or(tolerance, "abs", 0.0),
                          zh_json_get(tolerance, "fields")};
    bool fit = strcmp(name, "disproportionality.mgps_fit") == 0;
    return (fit ? same_fit : same)(expected, got, t, d) ? NULL : d->what;
}

void run_stats(struct run *run)
{
    const zh_json *cases = document(run);
    if (!cases) {
        return;
    }
    if (cases->kind != ZH_JSON_ARRAY || cases->n == 0) {
        result(run, false, "no list of cases", 0, 0);
        return;
    }
    size_t number = 0;
    for (const zh_json *in = cases->first; in; in = in->next) {
        zh_arena *arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
        struct difference d = {"", ""};
        zh_buf out;
        zh_buf_init(&out, OUTPUT_BYTES_MAX);
        const char *name = zh_str_c(
            arena, zh_str_fmt(arena, "%.*s.%.*s",
                              ZH_FMT(zh_json_str(zh_json_get(in, "engine"), ZH_STR_NONE)),
                              ZH_FMT(zh_json_str(zh_json_get(in, "function"), ZH_STR_NONE))));
        const char *wrong = run_case(run, arena, in, name, &out, &d);
        if (wrong) {
            zh_str which = zh_json_str(zh_json_get(in, "case"), ZH_STR_NONE);
            wrong = zh_str_c(
                arena, zh_str_fmt(arena, "%s (%.*s) %s %s", name, ZH_FMT(which), d.where, wrong));
        }
        result(run, wrong == NULL, wrong, ++number, 0);
        zh_buf_free(&out);
        zh_arena_free(arena);
    }
}
