/* Dense matrices of binary64, row by row, and their linear algebra: least squares, Cholesky,
 * solving, symmetric eigenvectors.
 *
 * Pure; any number of threads; memory from the caller's arena. Matrices here are small in at least
 * one direction (thousands of rows by tens of columns); there is no blocked algebra for large
 * square matrices. Methods: G. H. Golub, C. F. Van Loan, Matrix Computations, 4th ed. (2013), by
 * section. */
#ifndef ZH_NUM_MATRIX_H
#define ZH_NUM_MATRIX_H

#include "base/arena.h"
#include "base/err.h"

#define ZH_EIGEN_ORDER_MAX        256  /* rows of a matrix for zh_symmetric_eigen */
#define ZH_SQUARE_ORDER_MAX       1000 /* rows of a factored matrix, columns of a regression */
#define ZH_LEAST_SQUARES_WORK_MAX 2e10 /* rows * columns^2 of a regression */

typedef struct zh_matrix {
    size_t rows, cols;
    double *v; /* rows * cols numbers, row by row */
} zh_matrix;

static inline double *zh_matrix_row(const zh_matrix *m, size_t row)
{
    return m->v + row * m->cols;
}
static inline double zh_matrix_at(const zh_matrix *m, size_t row, size_t col)
{
    return m->v[row * m->cols + col];
}

/* A matrix of zeros; its v is NULL when the arena's budget is exhausted. */
zh_matrix zh_matrix_new(zh_arena *arena, size_t rows, size_t cols) ZH_MUST;

/* out = a b. out is another matrix of the right size (asserted). */
void zh_matrix_multiply(const zh_matrix *a, const zh_matrix *b, zh_matrix *out);
/* out = x' diag(weights) x; weights NULL means ones. out: cols by cols (asserted). */
void zh_matrix_crossproduct(const zh_matrix *x, const double *weights, zh_matrix *out);

/* Cholesky factor of a symmetric positive definite matrix: a = L L', L overwrites the lower
 * triangle of a (only that triangle is read) and zeros the upper one. Section 4.2.5. ZH_EINVAL
 * "matrix.positive_definite": a pivot is not above the rounding error; names the row. ZH_ELIMIT:
 * larger than ZH_SQUARE_ORDER_MAX. */
zh_rc zh_cholesky(zh_matrix *a, zh_err *err) ZH_MUST;
/* Solves L L' x = b in place. */
void zh_cholesky_solve(const zh_matrix *l, double *b);
/* out = (L L')^-1, symmetric; out may not be l. */
void zh_cholesky_inverse(const zh_matrix *l, zh_matrix *out);

/* out = a^-1 b for a general square matrix by elimination with partial pivoting, section 3.4; a and
 * b are kept, out may be b. ZH_EINVAL "matrix.singular": singular to working precision; ZH_ELIMIT,
 * ZH_ENOMEM. */
zh_rc zh_matrix_solve(zh_arena *arena, const zh_matrix *a, const zh_matrix *b, zh_matrix *out,
                      zh_err *err) ZH_MUST;
zh_rc zh_matrix_inverse(zh_arena *arena, const zh_matrix *a, zh_matrix *out, zh_err *err) ZH_MUST;

/* Eigenvalues, largest first, and eigenvectors as the columns of `vectors` (may be NULL) of a
 * symmetric matrix, of which the lower triangle is read; a is kept. Unit length; the component of
 * largest magnitude (the first such) is positive, so that the answer is the same everywhere. Cyclic
 * Jacobi, section 8.5. ZH_ELIMIT: larger than ZH_EIGEN_ORDER_MAX; ZH_EINVAL: not finite;
 * ZH_ENOMEM. */
zh_rc zh_symmetric_eigen(zh_arena *arena, const zh_matrix *a, double *values, zh_matrix *vectors,
                         zh_err *err) ZH_MUST;

typedef struct zh_least_squares_fit {
    double *coef;          /* one for each column */
    double *residual;      /* y - x coef, one for each row */
    zh_matrix xtx_inverse; /* (x' W x)^-1; times rss/df it is the covariance of coef */
    double rss;            /* sum of weight * residual^2 */
    size_t rows_used;      /* rows of positive weight */
    size_t df;             /* rows_used - cols */
    double smallest_pivot; /* min over columns of the part of a column that the columns before it do
                              not explain, as a share of its length: near 0 is ill conditioned */
    size_t singular;       /* 1-based column that is a combination of those before it; 0: none */
} zh_least_squares_fit;

/* Minimises sum weight_i (y_i - x_i coef)^2 by Householder QR (section 5.3.2), rows in blocks so
 * that memory does not grow with them; weights NULL means ones, a row of weight 0 is left out.
 * Columns are taken as they are: the caller puts the column of ones. Memory of the fit is the
 * arena's. ZH_EINVAL "regression.singular": a column depends on those before it (fit->singular says
 * which); "regression.rows": fewer rows of positive weight than columns, or no column;
 * "regression.value": a value is not finite or a weight is negative. ZH_ELIMIT, ZH_ENOMEM. */
zh_rc zh_least_squares(zh_arena *arena, const zh_matrix *x, const double *y, const double *weights,
                       zh_least_squares_fit *fit, zh_err *err) ZH_MUST;

#endif
