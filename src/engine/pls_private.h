/* What estimation and resampling of path models share: the iteration on a covariance matrix. */
#ifndef ZH_ENGINE_PLS_PRIVATE_H
#define ZH_ENGINE_PLS_PRIVATE_H

#include "engine/pls.h"

/* Why a covariance matrix could not be estimated. */
typedef enum zh_pls_failure {
    ZH_PLS_FINE,
    ZH_PLS_CONSTANT, /* `at`: the item */
    ZH_PLS_SINGULAR, /* `at`: the latent variable whose items or causes depend linearly */
    ZH_PLS_NEUTRAL,  /* `at`: the latent variable without correlation with its neighbours */
    ZH_PLS_DIVERGED,
} zh_pls_failure;

typedef struct zh_pls_work {
    const zh_pls_model *model;
    size_t items, latents;
    size_t *first;   /* latents + 1: first item of each block */
    size_t *order;   /* latents: causes before effects */
    size_t *causes;  /* latents: how many */
    double *s;       /* items × items covariances, divisor n */
    double *w, *new; /* items */
    double *sw;      /* items × latents: covariance of items and raw scores */
    double *r;       /* latents × latents: correlations of the scores */
    double *e;       /* latents × latents: inner weights, column j estimates j */
    double *sd;      /* latents: of the raw scores */
    double *turn;    /* latents: 1, or -1 where the score is the negative of the weighted sum */
    double *square;  /* a system of equations, up to max(items of a block, latents) squared */
    double *right;   /* its right-hand side */
    size_t *index;   /* latents */
    size_t iterations, at;
} zh_pls_work;

/* NULL when memory is exhausted. The model has been checked. */
zh_pls_work *zh_pls_work_new(zh_arena *arena, const zh_pls_model *model, size_t items);

/* Correlation of an item with a score, after the iteration. */
double zh_pls_loading(const zh_pls_work *work, size_t item, size_t latent);

/* Outer weights, covariances sw of items and scores, correlations r from work->s, whose diagonal is
 * above zero, and 1 when the model is scaled. */
zh_pls_failure zh_pls_iterate(zh_pls_work *work);

/* path, r2 and, when not NULL, total effects from work->r. */
zh_pls_failure zh_pls_inner(zh_pls_work *work, double *path, double *r2, double *total);

/* Columns of a row of treated data: the items, and zeros up to a multiple of four. */
static inline size_t zh_pls_stride(size_t items)
{
    return (items + 3) / 4 * 4;
}

/* Treated data, rows × stride: centred, and divided by sd when scaled; mean and sd (divisor n) are
 * of the items. Returns NULL when memory is exhausted. */
double *zh_pls_treated(zh_arena *arena, bool scaled, const zh_matrix *data, double *mean,
                       double *sd);

/* S = U'U / n, items × items, of rows × stride numbers. */
void zh_pls_covariance(const double *u, size_t rows, size_t items, double n, double *s);

zh_rc zh_pls_check(const zh_pls_model *model, const zh_matrix *data, zh_err *err) ZH_MUST;
zh_rc zh_pls_refuse(const zh_pls_work *work, zh_pls_failure failure, zh_err *err) ZH_MUST;

#endif
