/* Mechanisms: what the policy documents call for, and how far each has come here.
 *
 * A mechanism is running only when all three stand: a register with a workflow that names it, an
 * indicator that names it, and a life-cycle example of such a register, with none of them failing.
 * It is partial when any register or indicator names it, and absent otherwise. Nothing is typed in:
 * the state follows from the declarations and from running their examples. */
#ifndef ZH_CORE_ADOPTION_MECHANISM_H
#define ZH_CORE_ADOPTION_MECHANISM_H

#include "core/instance/core.h"

#define ZH_MECHANISM_CITES_MAX     64                /* documents cited by one mechanism */
#define ZH_MECHANISM_FAILURE_BYTES ((size_t)4 << 20) /* lines of failing examples */

typedef enum zh_mechanism_state {
    ZH_MECHANISM_ABSENT,  /* 未建 */
    ZH_MECHANISM_PARTIAL, /* 部分 */
    ZH_MECHANISM_RUNNING, /* 已运行 */
} zh_mechanism_state;

/* What a mechanism lacks to be running. */
#define ZH_LACKS_REGISTER  1u
#define ZH_LACKS_WORKFLOW  2u /* its registers have no transitions */
#define ZH_LACKS_INDICATOR 4u
#define ZH_LACKS_EXAMPLE   8u  /* no register with a workflow has a life-cycle example */
#define ZH_LACKS_PASS      16u /* one of these examples fails */

typedef struct zh_standing {
    const struct zh_mechanism *mechanism;
    zh_mechanism_state state;
    unsigned lacks;
    size_t registers, workflows, indicators; /* that name it */
    size_t passed, failed;                   /* life-cycle examples of its workflow registers */
} zh_standing;

/* A life-cycle example that was run: a test with steps of a register with a workflow. */
typedef struct zh_life {
    const zh_register *reg;
    zh_str id;
    bool passed;
} zh_life;

typedef struct zh_survey {
    const zh_standing *standings; /* in the order of model->mechanisms */
    size_t n;
    const zh_life *lives;
    size_t nlives;
    size_t counts[3]; /* mechanisms by state */
    zh_str failures;  /* "file:line:column: register.test: expected …", one a line */
} zh_survey;

/* The survey of the context's model. The examples are run once for a model, by the first who asks
 * (it takes a fraction of a second to seconds); all others wait for it, later ones get it at once.
 * Borrowed until the context ends. Errors are those of the throw-away database, and are not kept:
 * the next who asks tries again. Thread-safe. */
zh_rc zh_survey_of(zh_ctx *ctx, const zh_survey **out) ZH_MUST;

/* Whether a list of mechanism ids (of a register, of an indicator) names this one. */
bool zh_serves(const zh_str *systems, size_t n, zh_str mechanism);
zh_str zh_mechanism_state_zh(zh_mechanism_state state);

/* A document that a mechanism rests on. */
typedef struct zh_cite {
    zh_str tag;                /* HB11 */
    const zh_outline *outline; /* NULL when no document declares the tag */
    zh_str clauses;            /* §27, §28 */
} zh_cite;

/* Reads the clauses of a mechanism: at most ZH_MECHANISM_CITES_MAX, further ones are left out. In
 * the arena. */
zh_cite *zh_mechanism_cites(const zh_model *model, zh_arena *arena,
                            const struct zh_mechanism *mechanism, size_t *n);
/* Next clause of a cite, without §: walks *rest, false at the end. */
bool zh_cite_next(zh_str *rest, zh_str *clause);
/* Whether a clause (二(三)1) is the cited one or stands inside it (二(三)). */
bool zh_clause_within(zh_str clause, zh_str cited);

/* Who uses a mechanism, in words; codes that are not known stay as they are. */
zh_str zh_mechanism_users(zh_arena *arena, const struct zh_mechanism *mechanism,
                          bool english) ZH_MUST;

#endif
