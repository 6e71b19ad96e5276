/* Dense matrices of binary64, row by row. */
#ifndef ZH_NUM_MATRIX_H
#define ZH_NUM_MATRIX_H

#include "base/arena.h"

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

#endif
