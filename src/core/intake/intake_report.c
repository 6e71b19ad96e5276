/* Rows with errors as they stand in the file: kept beside the first errors for showing, and all of
 * them written to a file that can be corrected and sent again. */
#include "base/csv.h"
#include "core/intake/intake_run.h"
#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { LINE_BYTES_MAX = 32 << 20 };

const char *zh_intake_file_name(const zh_intake_run *in)
{
    return in->o->file_name.n > 0 ? zh_str_c(in->ctx->arena, in->o->file_name)
                                  : zh_base_name(in->o->path);
}

/* The row an error speaks of; NULL: it is none of the batch, such as a totals row. */
static const zh_raw_row *row_of(const zh_batch *batch, const zh_intake_error *error)
{
    int64_t at = batch->n > 0 ? error->ordinal - batch->rows[0].ordinal : -1;
    bool inside = at >= 0 && at < (int64_t)batch->n && batch->rows[at].number == error->row;
    return inside ? &batch->rows[at] : NULL;
}

void zh_intake_keep_cells(zh_intake_run *in, const zh_batch *batch, zh_intake_error *error)
{
    const zh_raw_row *row = row_of(batch, error);
    size_t n = row == NULL ? 0 : row->n < ZH_INTAKE_CELLS_KEPT ? row->n : ZH_INTAKE_CELLS_KEPT;
    zh_str *cells = ZH_NEW_N(in->ctx->arena, zh_str, n + 1);
    for (size_t i = 0; i < n; i++) {
        cells[i] =
            zh_str_dup(in->ctx->arena, zh_cell_clip(row->cells[i].text, ZH_INTAKE_CELL_BYTES));
    }
    error->cells = cells;
    error->ncells = n;
}

zh_rc zh_intake_rows_open(zh_intake_run *in)
{
    in->rows_file = fopen(in->o->rows_path, "wbe");
    if (in->rows_file == NULL) {
        return zh_err_set(in->ctx->err, ZH_EIO, "intake.rows", "不能写有问题的行：%s",
                          strerrordesc_np(errno));
    }
    (void)fputs("\xef\xbb\xbf", in->rows_file);
    return ZH_OK;
}

static void write_line(zh_intake_run *in, const zh_buf *line)
{
    if (!line->failed) {
        (void)fwrite(line->p, 1, line->n, in->rows_file);
    }
}

static void write_header(zh_intake_run *in, const zh_mapping *mapping)
{
    zh_buf line;
    zh_buf_init(&line, LINE_BYTES_MAX);
    for (size_t i = 0; i < mapping->nheaders; i++) {
        zh_csv_write_cell(&line, mapping->headers[i], ',', true);
        zh_buf_c(&line, ',');
    }
    zh_buf_z(&line, "错误,怎么办,原行号\r\n");
    write_line(in, &line);
    zh_buf_free(&line);
    in->rows_mapping = mapping;
}

/* One row with all that is wrong with it. */
static void write_row(zh_intake_run *in, const zh_raw_row *row, const zh_intake_error *const *e,
                      size_t n)
{
    zh_buf line;
    zh_buf wrong;
    zh_buf fix;
    zh_buf_init(&line, LINE_BYTES_MAX);
    zh_buf_init(&wrong, LINE_BYTES_MAX);
    zh_buf_init(&fix, LINE_BYTES_MAX);
    for (size_t i = 0; i < row->mapping->nheaders; i++) {
        zh_csv_write_cell(&line, i < row->n ? row->cells[i].text : ZH_STR(""), ',', true);
        zh_buf_c(&line, ',');
    }
    for (size_t i = 0; i < n; i++) {
        zh_buf_z(&wrong, i > 0 ? "；" : "");
        if (e[i]->header.n > 0) {
            zh_buf_fmt(&wrong, "%.*s：", ZH_FMT(e[i]->header));
        }
        zh_buf_str(&wrong, e[i]->message);
        if (e[i]->fix.n > 0 && (i == 0 || !zh_str_eq(e[i]->fix, e[i - 1]->fix))) {
            zh_buf_z(&fix, fix.n > 0 ? "；" : "");
            zh_buf_str(&fix, e[i]->fix);
        }
    }
    zh_csv_write_cell(&line, zh_buf_view(&wrong), ',', true);
    zh_buf_c(&line, ',');
    zh_csv_write_cell(&line, zh_buf_view(&fix), ',', true);
    zh_buf_fmt(&line, ",%zu\r\n", row->number);
    write_line(in, &line);
    zh_buf_free(&line);
    zh_buf_free(&wrong);
    zh_buf_free(&fix);
}

void zh_intake_rows_write(zh_intake_run *in, const zh_batch *batch,
                          const zh_intake_error *const *errors, size_t n)
{
    for (size_t i = 0; i < n;) {
        size_t end = i + 1;
        bool stands = errors[i]->severity != 'h';
        while (end < n && errors[end]->ordinal == errors[i]->ordinal &&
               errors[end]->row == errors[i]->row) {
            stands = stands || errors[end]->severity != 'h';
            end++;
        }
        const zh_raw_row *row = row_of(batch, errors[i]);
        if (row != NULL && stands) {
            if (row->mapping != in->rows_mapping) {
                write_header(in, row->mapping);
            }
            write_row(in, row, errors + i, end - i);
        }
        i = end;
    }
}
