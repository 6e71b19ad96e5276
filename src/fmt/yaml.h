/* YAML into a tree with positions, for declarations.
 *
 * Every scalar stays text: `no`, `010`, `1e3` and `null` are what was written, and the schema of
 * the declaration gives them their type. Refused, because a declaration never needs them and each
 * has been used for attacks or silent mistakes: anchors, aliases, tags, directives other than
 * %YAML, several documents, keys that are not scalars, the same key twice in a mapping. */
#ifndef ZH_FMT_YAML_H
#define ZH_FMT_YAML_H

#include "base/err.h"
#include "base/str.h"

#define ZH_YAML_BYTES_MAX ((size_t)4 << 20)
#define ZH_YAML_DEPTH_MAX ((size_t)64) /* collections inside each other, the root counting 1 */
#define ZH_YAML_NODES_MAX ((size_t)500000)

typedef enum zh_yaml_kind { ZH_YAML_SCALAR, ZH_YAML_SEQUENCE, ZH_YAML_MAPPING } zh_yaml_kind;

/* How a scalar was written: a schema may let plain `~` or an empty plain scalar mean "nothing". */
typedef enum zh_yaml_style { ZH_YAML_PLAIN, ZH_YAML_QUOTED, ZH_YAML_BLOCK } zh_yaml_style;

typedef struct zh_yaml zh_yaml;
struct zh_yaml {
    zh_yaml_kind kind;
    zh_yaml_style style; /* of a scalar */
    zh_str text;         /* of a scalar; NUL-terminated */
    size_t line, column; /* 1-based, column in characters */
    zh_str key;          /* inside a mapping; NUL-terminated */
    size_t key_line, key_column;
    zh_yaml *parent;       /* NULL for the root */
    zh_yaml *first, *next; /* first child; next sibling in document order */
    size_t n;              /* children */
    const char *file;      /* as given to zh_yaml_parse, copied */
};

/* Parses one document; the tree lives in arena and borrows nothing from text. Errors name the rule
 * (yaml.syntax, yaml.anchor, …) and `where` is file:line:column. ZH_EINVAL what YAML or this reader
 * refuses, ZH_ELIMIT a cap, ZH_ENOMEM the arena's budget. One arena, one thread. */
zh_rc zh_yaml_parse(zh_arena *arena, zh_str text, const char *file, zh_yaml **root,
                    zh_err *err) ZH_MUST;

/* The value under a key, or NULL when the node is not a mapping or has no such key. */
const zh_yaml *zh_yaml_get(const zh_yaml *mapping, const char *key);

/* Fill err's `where` with the position of a value, or of the key it stands under. */
void zh_yaml_where(const zh_yaml *node, zh_err *err);
void zh_yaml_key_where(const zh_yaml *node, zh_err *err);

#endif
