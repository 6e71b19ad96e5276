/* Parts of the model compiler. Private to src/model.
 *
 * The compiler works in passes over all files: names first (units, codes, registers, fields,
 * states, transitions, clocks, indexes), then references, then expressions, which need all names,
 * then what rests on them (measures, cubes, indicators, declared items). A pass that found errors
 * stops the later ones: their messages would only repeat them. */
#ifndef ZH_MODEL_COMPILE_H
#define ZH_MODEL_COMPILE_H

#include "model/codes.h"
#include "model/schema.h"

#define ZH_MODEL_FILES_MAX     ((size_t)2000)
#define ZH_MODEL_BYTES_MAX     ((size_t)64 << 20) /* of all files */
#define ZH_MODEL_REGISTERS_MAX ((size_t)2000)

/* A field being built, with where it is declared. */
typedef struct zh_field_build {
    zh_field *field;
    const zh_yaml *node;
} zh_field_build;

/* A register being built: the mutable view of what the model shows as const. */
typedef struct zh_reg_build {
    zh_register *reg;
    const zh_yaml *node;
    const zh_yaml *root;           /* of the file */
    ZH_VEC(zh_field_build) fields; /* columns of child tables included */
    zh_state *states;
    zh_transition *transitions;
    zh_clock *clocks;
    zh_measure *measures;
    zh_cube *cubes;
} zh_reg_build;

typedef ZH_VEC(zh_reg_build) zh_reg_builds;

/* parse_register.c: identity, fields, keys, indexes, views. */
void zh_parse_register(zh_cx *cx, zh_reg_build *b);
void zh_link_keys(zh_cx *cx, zh_reg_build *b);        /* keys, indexes, views, part_of */
void zh_compile_register(zh_cx *cx, zh_reg_build *b); /* expressions of fields, rules, access */
/* parse_fields.c */
void zh_parse_fields(zh_cx *cx, zh_reg_build *b);
void zh_link_fields(zh_cx *cx, zh_reg_build *b);
void zh_compile_fields(zh_cx *cx, zh_reg_build *b);
/* parse_workflow.c */
void zh_parse_workflow(zh_cx *cx, zh_reg_build *b);
void zh_compile_workflow(zh_cx *cx, zh_reg_build *b);
/* parse_step.c: what a step does besides moving its record. */
void zh_compile_documents(zh_cx *cx, zh_reg_build *b);
void zh_compile_step(zh_cx *cx, zh_reg_build *b, const zh_yaml *node, zh_transition *t);
void zh_compile_replaces(zh_cx *cx, zh_reg_build *b);
/* title.c: what a record is called, and which records are of its kind. */
void zh_compile_title(zh_cx *cx, zh_reg_build *b);
void zh_compile_kindred(zh_cx *cx, zh_reg_build *b);
/* parse_measure.c */
void zh_parse_measures(zh_cx *cx, zh_reg_build *b);
/* parse_declared.c: publication, obligations, judgements, retention, privacy, evidence, exchange,
 * tests: checked and kept as trees. */
void zh_check_declared(zh_cx *cx, zh_reg_build *b);
/* parse_indicator.c */
void zh_parse_indicators(zh_cx *cx, const zh_yaml *const *roots, size_t n);
/* parse_detector.c */
void zh_parse_detectors(zh_cx *cx, const zh_yaml *const *roots, size_t n);
/* parse_reference.c: units, calendar, code systems, outlines, ties, mechanisms. */
void zh_parse_units(zh_cx *cx, const zh_yaml *const *roots, size_t n);
void zh_parse_calendar(zh_cx *cx, const zh_yaml *const *roots, size_t n);
void zh_parse_codes(zh_cx *cx, const zh_yaml *const *roots, size_t n);
/* role.c: after the code systems. */
void zh_parse_roles(zh_cx *cx, const zh_yaml *const *roots, size_t n);
void zh_check_roles(zh_cx *cx, zh_reg_build *b);
void zh_parse_outlines(zh_cx *cx, const zh_yaml *const *roots, size_t n);
void zh_parse_mechanisms(zh_cx *cx, const zh_yaml *const *roots, size_t n);

/* A file named relative to the YAML file that names it; reports and gives NULL when it is absent.
 */
const zh_pack_file *zh_cx_file(zh_cx *cx, const zh_yaml *name);
/* Adds a code system and returns it; NULL (reported) when the id is taken. */
zh_codes *zh_cx_add_codes(zh_cx *cx, const zh_yaml *node, zh_str id, zh_label label);
/* A declared code system by name; reports when it is absent. */
const zh_codes *zh_cx_codes(zh_cx *cx, const zh_yaml *node, zh_str id);
const zh_register *zh_cx_register(zh_cx *cx, const zh_yaml *node, zh_str id);
/* A field of a register by (dotted) id; reports the nearest when it is absent. */
const zh_field *zh_cx_field(zh_cx *cx, const zh_register *reg, const zh_yaml *node, zh_str id);
/* The same, reported at the key of the node. */
const zh_field *zh_cx_field_key(zh_cx *cx, const zh_register *reg, const zh_yaml *node, zh_str id);
/* The fields that came from a one-row table of this id; NULL when there are none. */
const zh_field *const *zh_cx_group(zh_cx *cx, const zh_register *reg, zh_str id, size_t *n);
/* The fields listed under a key; a one-row table stands for all its fields. */
const zh_field *const *zh_cx_fields(zh_cx *cx, const zh_register *reg, const zh_yaml *map,
                                    const char *key, size_t *n);
/* Compiles the expression under a key. False when there is none or it does not compile (reported).
 * want: kind of the result, ZH_NULL for any. */
bool zh_cx_expr(zh_cx *cx, const zh_scope *scope, const zh_yaml *map, const char *key, zh_kind want,
                zh_program *out);
bool zh_cx_expr_node(zh_cx *cx, const zh_scope *scope, const zh_yaml *node, zh_kind want,
                     zh_program *out);
/* Reports an id that stands twice in a list of mappings. */
void zh_cx_unique(zh_cx *cx, const zh_yaml *map, const char *key);
/* Checks a key of a test's record: a field, a child table, or a one-row table. */
void zh_cx_given_key(zh_cx *cx, const zh_register *reg, const zh_yaml *entry);
/* Mechanisms named in the file's header. */
const zh_str *zh_cx_systems(zh_cx *cx, const zh_yaml *root, size_t *n);
zh_kind zh_field_kind(const zh_field *field);

/* The personal field that the value of a field is or is computed from, itself included; NULL: none.
 */
const zh_field *zh_field_personal_source(const zh_field *field);
/* Refuses a program under a key that is not pure over the record: cells are counted with it. */
void zh_cx_pure(zh_cx *cx, const zh_yaml *node, const char *key, const zh_program *program);

#endif
