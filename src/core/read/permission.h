/* Who may see and do what: a reader acts in one post, and the post is one bound predicate and one
 * set of field masks for every register.
 *
 * A row is seen when an access entry of the register grants `read` to the post's role, its `rows`
 * are known true for the row, and the row lies in the post's data scope: its home office or the
 * office that handles it now belongs to the scope (own: the reader wrote it). The same predicate is
 * used by records, lists, counts, facets, cells, figures and files; there is no other way to rows.
 * A field is masked when any entry that grants `read` to the role masks it (the stricter wins);
 * what is masked cannot be filtered, sorted, grouped, searched by or written either.
 *
 * A context without a post is the local operator or the system itself and sees everything. Pure
 * over the model and the post; any number of threads. */
#ifndef ZH_CORE_READ_PERMISSION_H
#define ZH_CORE_READ_PERMISSION_H

#include "core/read/read.h"

#define ZH_POST_OFFICES_MAX ((size_t)200) /* of a custom scope */

/* 全部, 本机构及下级, 本机构, 本人, 自定义 */
typedef enum zh_data_scope {
    ZH_SCOPE_ALL,
    ZH_SCOPE_SUBTREE,
    ZH_SCOPE_OFFICE,
    ZH_SCOPE_OWN,
    ZH_SCOPE_CUSTOM,
} zh_data_scope;

/* What an API key may do in a register; register "*": in every one. */
typedef struct zh_grant {
    zh_str reg;
    unsigned rights; /* set of zh_right */
} zh_grant;

typedef struct zh_post {
    zh_str role;
    zh_data_scope scope;
    int64_t office; /* home office of the post: a GB/T 2260 code, or the installation's own */
    zh_str region;  /* its region: what office_region means */
    const int64_t *offices; /* custom scope */
    size_t noffices;
    const zh_record *self; /* the reader's own enterprise, laboratory …; NULL none */
    const zh_record *own; /* the record of the post itself, for `self: post` (an industry, a product
                             or a task that it is limited to); NULL none */
    bool limited;         /* by the scope of an API key: only what `grants` names */
    const zh_grant *grants;
    size_t ngrants;
    bool emergency; /* an emergency right is held: reads beyond scope, rows and masks (not drops) */
} zh_post;

/* all subtree office own custom; ZH_ENOTFOUND. */
zh_rc zh_data_scope_parse(zh_str text, zh_data_scope *out) ZH_MUST;
const char *zh_data_scope_name(zh_data_scope scope);

typedef enum zh_right {
    ZH_RIGHT_READ = 1,
    ZH_RIGHT_CREATE = 2,
    ZH_RIGHT_AMEND = 4,
    ZH_RIGHT_TRANSITION = 8, /* every transition whose roles allow it */
    ZH_RIGHT_EXPORT = 16,
    ZH_RIGHT_ERASE = 32,
    ZH_RIGHT_AGGREGATE = 64,    /* counts without the rows, in full k's: core/cube/suppress.h */
    ZH_RIGHT_PUBLISH = 128,     /* figures that count the register's records … */
    ZH_RIGHT_PUBLISH_TWO = 256, /* … together with another person who may */
    ZH_RIGHT_ERASE_TWO = 512,   /* personal data, together with another person who may */
} zh_right;

/* Parses the scope of an API key: "complaint:read,export enterprise:read *:read", words separated
 * by spaces, at most ZH_GRANTS_MAX. Registers must be declared (model NULL: not looked up).
 * ZH_EINVAL key.scope, ZH_ELIMIT. */
#define ZH_GRANTS_MAX ((size_t)64)
zh_rc zh_grants_parse(zh_arena *arena, const zh_model *model, zh_str text, const zh_grant **out,
                      size_t *n, zh_err *err) ZH_MUST;

/* The rights that an entry gives its role, as a set of zh_right. */
unsigned zh_access_rights(const zh_access *access);
/* The rights of the context's post on a register, as a set of zh_right. */
unsigned zh_rights(const zh_ctx *ctx, const zh_register *reg);
/* Whether a transition is among them: by `transition`, or by its own id, and by its roles. */
bool zh_may_take(const zh_ctx *ctx, const zh_register *reg, const zh_transition *transition);
/* ZH_EDENIED with who can, when the right is missing. */
zh_rc zh_right_need(zh_ctx *ctx, const zh_register *reg, zh_right right) ZH_MUST;

/* Whether a field is masked for the post: never for the operator. */
bool zh_field_masked(const zh_ctx *ctx, const zh_field *field);
/* ZH_EDENIED when the program, field or search would tell something about masked fields. */
zh_rc zh_mask_allows(zh_ctx *ctx, const zh_program *program) ZH_MUST;
zh_rc zh_mask_allows_field(zh_ctx *ctx, const zh_field *field) ZH_MUST;
/* For a condition that a reader wrote: ZH_EINVAL query.unsupported when it would ask records other
 * than those it selects (through a reference, a query, a chain, a rank): expressions read them
 * without the reader's scope. */
zh_rc zh_scope_allows(zh_ctx *ctx, const zh_program *program) ZH_MUST;
/* Takes from a decoded record what the post may not see: a text with a declared mask keeps its
 * form (张*), everything else becomes unknown; rows of a masked table go. */
void zh_mask_record(zh_ctx *ctx, zh_record *record);

/* Appends " AND (…)": ctx->rows and the post's predicate for rows of alias `alias`. */
zh_rc zh_scope_add(zh_ctx *ctx, zh_dialect dialect, zh_buf *sql, zh_binds *binds,
                   const zh_register *reg, const char *alias, bool history) ZH_MUST;
/* Whether an access entry lets the context's post read any row at all. */
bool zh_access_applies(const zh_ctx *ctx, const zh_register *reg, const zh_access *access);
/* Whether the post sees every row of the register, so that cells may answer. */
bool zh_scope_is_all(const zh_ctx *ctx, const zh_register *reg);
/* One dimension of a question to the cells, narrowed. */
typedef struct zh_cell_filter {
    zh_str dim;   /* id of a dimension: place, class, basis_kind … */
    zh_str value; /* exact value; a code also stands for its descendants when subtree is set */
    bool subtree;
} zh_cell_filter;

/* The predicate as filters of cells: true when cells with these filters hold exactly the rows that
 * the post sees (none: all of them). The dimensions must keep values as recorded, or no code of
 * theirs may have several validities. */
#define ZH_SCOPE_FILTERS_MAX ((size_t)4)
bool zh_scope_cells(const zh_ctx *ctx, const zh_register *reg, zh_cell_filter *out,
                    size_t *n) ZH_MUST;
/* Whether the post's offices alone let it see all rows of this home office (its access entries may
 * still say less). */
bool zh_scope_has_office(const zh_ctx *ctx, int64_t office);
/* Whether the post sees only what its reader wrote. */
bool zh_scope_is_own(const zh_ctx *ctx);
/* Whether the post sees only the rows of some offices: their own, and those they handle. */
bool zh_scope_by_offices(const zh_ctx *ctx);
/* Appends " AND (…)" that says so of rows of an alias; nothing for other posts. */
void zh_scope_offices_add(zh_ctx *ctx, zh_buf *sql, zh_binds *binds, const char *alias);
/* Appends the condition of what they handle for others, which has an index of its own; only for a
 * post that sees by offices. */
void zh_scope_handed_add(zh_ctx *ctx, zh_buf *sql, zh_binds *binds, const char *alias);
/* Whether nothing but offices limits what the post sees of the register. */
bool zh_scope_by_office(const zh_ctx *ctx, const zh_register *reg);
/* The codes of a field outside which the post sees no row: as zh_filter_codes. */
bool zh_scope_codes(zh_ctx *ctx, const zh_register *reg, const zh_field *field, zh_str *out,
                    size_t max, size_t *n);
/* The same predicate over a record in memory, for what is being written. ZH_EDENIED outside. */
zh_rc zh_scope_holds(zh_ctx *ctx, zh_env *env, const zh_record *record) ZH_MUST;
/* For a record being made: the same, and for a post that may not read the register its entries that
 * give `create` (a consumer hands in what others then handle). ZH_EDENIED outside. */
zh_rc zh_scope_takes(zh_ctx *ctx, zh_env *env, const zh_record *record) ZH_MUST;

#endif
