/* Every tabular input through zh_table: the first byte chooses the options, the rest is the file
 * (delimited text, JSON, NDJSON, gzip, zip, in any encoding). */
// covers: src/fmt/table.c src/fmt/stream.c src/fmt/container.c src/fmt/jsonrows.c
// src/fmt/jsonscan.c
#include "base/utf8.h"
#include "fmt/table.h"
#include <unistd.h>

#include "memory_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static zh_table_options choose(uint8_t c)
{
    zh_table_options options = {.max_bytes = (uint64_t)4 << 20};
    switch (c % 8) {
    case 1:
        options.json_rows = ZH_STR("r");
        options.sheet = ZH_STR("抽检");
        break;
    case 2:
        options.json_rows = ZH_STR("r[].p.q[]");
        options.sheet_number = 3;
        break;
    case 3:
        options.json_rows = ZH_STR("r");
        options.json_header = ZH_STR("h");
        break;
    case 4: options.separator = '|'; break;
    case 5:
        options.encoding_given = true;
        options.encoding = ZH_ENC_GB18030;
        break;
    case 6:
        options.encoding_given = true;
        options.encoding = ZH_ENC_UTF16LE;
        break;
    case 7: options.json_rows = ZH_STR("[][]"); break;
    default: break;
    }
    return options;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) {
        return 0;
    }
    char path[64];
    int fd = memory_file((zh_str){(const char *)data + 1, size - 1}, path);
    const zh_table_options options = choose(data[0]);
    zh_table *table = NULL;
    zh_err err = {0};
    zh_rc rc = zh_table_open(path, &options, &table, &err);
    zh_table_row row;
    while (rc == ZH_OK && (rc = zh_table_next(table, &row, &err)) == ZH_OK) {
        char where[100];
        for (size_t c = 0; c < row.n; c++) {
            zh_assert(zh_utf8_valid(row.cells[c].text));
        }
        zh_assert(
            zh_utf8_valid(zh_str_of(zh_table_where(table, &row, row.n, where, sizeof where))));
        zh_assert(row.error == NULL || zh_utf8_valid(zh_str_of(row.error->message)));
    }
    zh_assert(rc == ZH_ENOTFOUND || (err.rc == rc && zh_utf8_valid(zh_str_of(err.message))));
    if (table != NULL) {
        uint64_t done, total;
        zh_table_progress(table, &done, &total);
    }
    zh_table_close(table);
    close(fd);
    return 0;
}
