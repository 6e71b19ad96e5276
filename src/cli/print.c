/* Tables and other text for people. */
#include "cli/print.h"
#include "base/utf8.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <utf8proc.h>

static const char GAP[] = "  ";

/* Shown as a space in a table. */
static bool is_break(uint32_t c)
{
    return c == '\n' || c == '\t' || c == '\r';
}

size_t zh_text_width(zh_str s)
{
    size_t width = 0;
    for (size_t at = 0; at < s.n;) {
        uint32_t c = zh_utf8_next(s, &at);
        int w = is_break(c) ? 1 : utf8proc_charwidth((utf8proc_int32_t)c);
        width += w > 0 ? (size_t)w : 0;
    }
    return width;
}

void zh_text_table_init(zh_text_table *table, zh_arena *arena, const char *const *headers, size_t n)
{
    zh_assert(n > 0 && n <= ZH_TABLE_COLUMNS_MAX);
    *table = (zh_text_table){.arena = arena, .ncolumns = n};
    for (size_t i = 0; i < n; i++) {
        zh_str header = zh_str_of(headers[i]);
        table->right[i] = zh_str_ends(header, ZH_STR(">"));
        header.n -= table->right[i];
        zh_text_table_add(table, header);
    }
}

void zh_text_table_add(zh_text_table *table, zh_str cell)
{
    if (table->nrows == table->capacity) {
        size_t capacity = table->capacity > 0 ? table->capacity * 2 : table->ncolumns * 16;
        zh_str *grown = ZH_NEW_N(table->arena, zh_str, capacity);
        if (table->nrows > 0) {
            memcpy(grown, table->cells, sizeof(*grown) * table->nrows);
        }
        table->cells = grown;
        table->capacity = capacity;
    }
    table->cells[table->nrows++] = cell;
}

static void put_cell(zh_buf *out, zh_str cell)
{
    for (size_t i = 0; i < cell.n; i++) {
        char c = cell.p[i];
        zh_buf_c(out, is_break((unsigned char)c) ? ' ' : c);
    }
}

static void pad(zh_buf *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        zh_buf_c(out, ' ');
    }
}

static void put_row(const zh_text_table *table, const zh_str *row, const size_t *widths,
                    zh_buf *out)
{
    for (size_t c = 0; c < table->ncolumns; c++) {
        size_t missing = widths[c] - zh_text_width(row[c]);
        if (table->right[c]) {
            pad(out, missing);
        }
        put_cell(out, row[c]);
        if (c + 1 < table->ncolumns) {
            pad(out, table->right[c] ? 0 : missing);
            zh_buf_z(out, GAP);
        }
    }
    zh_buf_c(out, '\n');
}

void zh_text_table_print(const zh_text_table *table, zh_buf *out)
{
    size_t widths[ZH_TABLE_COLUMNS_MAX] = {0};
    for (size_t i = 0; i < table->nrows; i++) {
        size_t width = zh_text_width(table->cells[i]);
        size_t column = i % table->ncolumns;
        widths[column] = width > widths[column] ? width : widths[column];
    }
    zh_assert(table->nrows % table->ncolumns == 0);
    for (size_t i = 0; i < table->nrows; i += table->ncolumns) {
        put_row(table, &table->cells[i], widths, out);
        if (i > 0) {
            continue;
        }
        for (size_t c = 0; c < table->ncolumns; c++) {
            for (size_t k = 0; k < widths[c]; k++) {
                zh_buf_c(out, '-');
            }
            zh_buf_z(out, c + 1 < table->ncolumns ? GAP : "\n");
        }
    }
}

zh_str zh_text_count(zh_arena *arena, int64_t n)
{
    char digits[32];
    int length = snprintf(digits, sizeof digits, "%" PRIu64, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
    zh_assert(length > 0);
    char *out = ZH_NEW_N(arena, char, 32);
    size_t used = 0;
    if (n < 0) {
        out[used++] = '-';
    }
    for (int i = 0; i < length; i++) {
        out[used++] = digits[i];
        int left = length - 1 - i;
        if (left > 0 && left % 3 == 0) {
            out[used++] = ',';
        }
    }
    return (zh_str){out, used};
}

zh_str zh_text_time(zh_arena *arena, zh_time t)
{
    if (t == 0) {
        return ZH_STR("");
    }
    zh_civil c = zh_time_civil(t);
    return zh_str_fmt(arena, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day, c.hour,
                      c.minute, c.second);
}

zh_str zh_text_duration(zh_arena *arena, uint64_t us)
{
    if (us < 1000000) {
        return zh_str_fmt(arena, "%" PRIu64 " 毫秒", us / 1000);
    }
    if (us < 60000000) {
        return zh_str_fmt(arena, "%" PRIu64 ".%" PRIu64 " 秒", us / 1000000, us % 1000000 / 100000);
    }
    return zh_str_fmt(arena, "%" PRIu64 " 分 %" PRIu64 " 秒", us / 60000000,
                      us % 60000000 / 1000000);
}
