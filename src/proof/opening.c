/* Opening of figures: the two lists, their roots, and the check of the whole file. */
#include "proof/opening.h"
#include "base/decimal.h"
#include "base/utf8.h"
#include <stdio.h>
#include <string.h>

static const char FORMAT[] = "zhiheng/figure/v1";

/* ---- lists being made ---- */

void zh_opening_root_begin(zh_opening_root *root, zh_hash_alg alg)
{
    zh_hash_begin(&root->hash, alg);
    memset(&root->edge, 0, sizeof(root->edge));
    root->last = 0;
}

static void add_line(zh_opening_root *root, uint64_t index, zh_str line)
{
    zh_digest leaf;
    zh_tree_leaf(&root->hash, line.p, line.n, &leaf);
    zh_tree_edge_add(&root->hash, &root->edge, &leaf);
    root->last = index;
}

static zh_rc bad_line(const char *list, uint64_t index, const char *why, zh_err *err)
{
    zh_err_set(err, ZH_EINVAL, "opening.line", "数字开示的%s中，位置 %llu 的一行%s", list,
               (unsigned long long)index, why);
    return ZH_EINVAL;
}

static bool is_decimal(zh_str text)
{
    zh_decimal value;
    return text.n > 0 && zh_decimal_parse(text, false, &value) == ZH_OK;
}

/* Room for another line, in order. */
static zh_rc check_next(const zh_opening_root *root, const char *list, uint64_t index, zh_err *err)
{
    if (root->edge.size > 0 && index <= root->last) {
        return bad_line(list, index, "没有按位置升序排列，或位置重复", err);
    }
    if (root->edge.size == ZH_OPENING_LINES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "opening.size", "数字开示的%s超过 %u 行", list,
                          ZH_OPENING_LINES_MAX);
    }
    return ZH_OK;
}

/* Takes what was appended since `from` as a line, and ends it. */
static zh_rc end_line(zh_opening_root *root, uint64_t index, size_t from, zh_buf *out, zh_err *err)
{
    if (out->failed) {
        return zh_err_set(err, ZH_ENOMEM, "memory.budget", "数字开示过大，超出内存预算");
    }
    add_line(root, index, zh_str_sub(zh_buf_view(out), from, out->n));
    zh_buf_c(out, '\n');
    return ZH_OK;
}

zh_rc zh_opening_detail(zh_opening_root *root, uint64_t index, zh_str numerator, zh_str denominator,
                        zh_buf *out, zh_err *err)
{
    zh_rc rc = check_next(root, "明细", index, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (!is_decimal(numerator) || (denominator.n > 0 && !is_decimal(denominator))) {
        return bad_line("明细", index, "的分子或分母不是十进制数", err);
    }
    size_t from = out->n;
    zh_buf_fmt(out, "%llu %.*s %.*s", (unsigned long long)index, ZH_FMT(numerator),
               ZH_FMT(denominator.n > 0 ? denominator : ZH_STR("-")));
    return end_line(root, index, from, out, err);
}

zh_rc zh_opening_frame(zh_opening_root *root, uint64_t index, bool included, zh_str reason,
                       zh_buf *out, zh_err *err)
{
    zh_rc rc = check_next(root, "候选清单", index, err);
    if (rc != ZH_OK) {
        return rc;
    }
    if (reason.n > ZH_OPENING_REASON_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "opening.reason", "排除理由超过 %d 字节",
                          ZH_OPENING_REASON_MAX);
    }
    if (zh_str_chr(reason, '\n') >= 0 || !zh_utf8_valid(reason) || !zh_utf8_clean(reason) ||
        (reason.n == 0 && !included)) {
        return bad_line("候选清单", index, "没有理由(排除须写明)，或理由含换行、控制字符", err);
    }
    size_t from = out->n;
    zh_buf_fmt(out, "%llu %c", (unsigned long long)index, included ? '+' : '-');
    if (reason.n > 0) {
        zh_buf_c(out, ' ');
        zh_buf_str(out, reason);
    }
    return end_line(root, index, from, out, err);
}

void zh_opening_root_end(zh_opening_root *root, zh_digest *out, uint64_t *count)
{
    zh_tree_edge_root(&root->hash, &root->edge, out);
    *count = root->edge.size;
    zh_hash_release(&root->hash);
}

/* ---- the file ---- */

void zh_opening_write(const zh_opening_file *file, zh_jw *w)
{
    zh_jw_object(w);
    zh_jw_kz(w, "format", FORMAT);
    zh_disclosure_write_members(&file->figure, w);
    zh_jw_kv(w, "detail", file->detail);
    zh_jw_kv(w, "frame", file->frame);
    zh_jw_key(w, "records");
    zh_jw_array(w);
    for (size_t i = 0; i < file->n; i++) {
        const zh_opening_record *record = &file->records[i];
        zh_jw_object(w);
        zh_jw_key(w, "index");
        zh_jw_u64(w, record->index);
        zh_jw_key(w, "path");
        zh_jw_array(w);
        for (size_t j = 0; j < record->path_n; j++) {
            char hex[2 * ZH_DIGEST_BYTES + 1];
            zh_digest_hex(&record->path[j], hex);
            zh_jw_z(w, hex);
        }
        zh_jw_array_end(w);
        zh_disclosure_write_members(&record->shown, w);
        zh_jw_object_end(w);
    }
    zh_jw_array_end(w);
    zh_jw_object_end(w);
}

static zh_rc bad_member(const char *member, zh_err *err)
{
    zh_err_set(err, ZH_EINVAL, "opening.format", "数字开示文件的成员 %s 缺失或不合格式", member);
    zh_err_where(err, "%s", member);
    zh_err_fix(err, "请使用系统导出的原文件，不要手工改动");
    return ZH_EINVAL;
}

static zh_rc read_record(zh_arena *arena, const zh_json *in, zh_opening_record *out, zh_err *err)
{
    const zh_json *index = zh_json_get(in, "index");
    const zh_json *path = zh_json_get(in, "path");
    if (!index || index->kind != ZH_JSON_NUMBER || !zh_note_number(index->text, &out->index)) {
        return bad_member("records.index", err);
    }
    if (!path || path->kind != ZH_JSON_ARRAY || path->n > ZH_TREE_PATH_MAX) {
        return bad_member("records.path", err);
    }
    for (const zh_json *step = path->first; step; step = step->next) {
        if (step->kind != ZH_JSON_STRING ||
            zh_digest_parse(step->text, &out->path[out->path_n++]) != ZH_OK) {
            return bad_member("records.path", err);
        }
    }
    return zh_disclosure_read_members(arena, in, &out->shown, err);
}

zh_rc zh_opening_read(zh_arena *arena, zh_str text, zh_opening_file *out, zh_err *err)
{
    zh_json *object;
    *out = (zh_opening_file){.n = 0};
    if (text.n > ZH_OPENING_BYTES_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "opening.size", "数字开示文件超过 %zu 字节",
                          ZH_OPENING_BYTES_MAX);
    }
    zh_rc rc = zh_json_parse(arena, text, &object, err);
    if (rc != ZH_OK) {
        return rc;
    }
    const zh_json *detail = zh_json_get(object, "detail");
    const zh_json *frame = zh_json_get(object, "frame");
    const zh_json *records = zh_json_get(object, "records");
    if (!zh_str_is(zh_json_str(zh_json_get(object, "format"), ZH_STR_NONE), FORMAT)) {
        return bad_member("format", err);
    }
    if (!detail || detail->kind != ZH_JSON_STRING) {
        return bad_member("detail", err);
    }
    if (!frame || frame->kind != ZH_JSON_STRING) {
        return bad_member("frame", err);
    }
    out->detail = detail->text;
    out->frame = frame->text;
    rc = zh_disclosure_read_members(arena, object, &out->figure, err);
    if (rc != ZH_OK || !records) {
        return rc;
    }
    if (records->kind != ZH_JSON_ARRAY || records->n > ZH_OPENING_RECORDS_MAX) {
        return bad_member("records", err);
    }
    out->records = ZH_TRY_N(arena, zh_opening_record, records->n + 1);
    if (!out->records) {
        return zh_err_set(err, ZH_ENOMEM, "memory.budget", "数字开示过大，超出内存预算");
    }
    for (const zh_json *record = records->first; record && rc == ZH_OK; record = record->next) {
        rc = read_record(arena, record, &out->records[out->n], err);
        out->n++;
    }
    return rc;
}

/* ---- the check ---- */

/* An exact sum of decimals: as many fraction digits as the longest, in 128 bits. */
struct sum {
    zh_i128 scaled;
    uint8_t digits;
};

static bool scale_up(zh_i128 *value, unsigned times)
{
    for (; times > 0; times--) {
        if (__builtin_mul_overflow(*value, (zh_i128)10, value)) {
            return false;
        }
    }
    return true;
}

static bool sum_add(struct sum *sum, zh_str text)
{
    zh_decimal value;
    if (zh_decimal_parse(text, false, &value) != ZH_OK) {
        return false;
    }
    zh_i128 scaled = value.scaled;
    if (value.digits > sum->digits) {
        if (!scale_up(&sum->scaled, (unsigned)(value.digits - sum->digits))) {
            return false;
        }
        sum->digits = value.digits;
    }
    return scale_up(&scaled, (unsigned)(sum->digits - value.digits)) &&
           zh_i128_add(sum->scaled, scaled, &sum->scaled);
}

static bool sum_is(struct sum sum, zh_str text)
{
    struct sum other = {0};
    if (!sum_add(&other, text)) {
        return false;
    }
    return (sum.digits < other.digits
                ? scale_up(&sum.scaled, (unsigned)(other.digits - sum.digits))
                : scale_up(&other.scaled, (unsigned)(sum.digits - other.digits))) &&
           sum.scaled == other.scaled;
}

/* One line of a list, apart. */
struct line {
    zh_str whole;
    uint64_t index;
    zh_str second, third; /* third: all the rest, may be empty */
};

/* Next line off *rest; false at the end. *good: index and at least one more word. */
static bool next_line(zh_str *rest, struct line *out, bool *good)
{
    ptrdiff_t end = zh_str_chr(*rest, '\n');
    if (rest->n == 0) {
        return false;
    }
    zh_str whole = zh_str_sub(*rest, 0, end < 0 ? rest->n : (size_t)end);
    *rest = zh_str_sub(*rest, whole.n + (end < 0 ? 0 : 1), rest->n);
    zh_str words = whole;
    zh_str index;
    *out = (struct line){.whole = whole};
    *good = end >= 0 && zh_str_split(&words, ' ', &index) && words.p &&
            zh_note_number(index, &out->index);
    if (*good) {
        ptrdiff_t space = zh_str_chr(words, ' ');
        out->second = zh_str_sub(words, 0, space < 0 ? words.n : (size_t)space);
        out->third = space < 0 ? ZH_STR_NONE : zh_str_sub(words, (size_t)space + 1, words.n);
    }
    return true;
}

struct checker {
    const zh_opening_file *file;
    zh_opening_result *out;
    struct sum numerator, denominator;
    bool without; /* some line has no denominator */
    zh_err *err;
};

static zh_rc wrong(struct checker *checker, const char *rule, const char *what)
{
    return zh_err_set(checker->err, ZH_EINVAL, rule, "%s", what);
}

static zh_rc check_detail_line(struct checker *checker, const struct line *line)
{
    if (!sum_add(&checker->numerator, line->second)) {
        return bad_line("明细", line->index, "的分子不是十进制数，或合计超出 128 位", checker->err);
    }
    if (zh_str_is(line->third, "-")) {
        checker->without = true;
    } else if (!sum_add(&checker->denominator, line->third)) {
        return bad_line("明细", line->index, "的分母不是十进制数，或合计超出 128 位", checker->err);
    }
    return ZH_OK;
}

static zh_rc check_frame_line(struct checker *checker, const struct line *line)
{
    bool included = zh_str_is(line->second, "+");
    if ((!included && !zh_str_is(line->second, "-")) || (!included && line->third.n == 0)) {
        return bad_line("候选清单", line->index, "应为“位置 + [理由]”或“位置 - 理由”",
                        checker->err);
    }
    *(included ? &checker->out->included : &checker->out->excluded) += 1;
    return ZH_OK;
}

/* Walks a list: order, bounds, each line, and the root. */
static zh_rc check_list(struct checker *checker, const char *name, zh_str text,
                        zh_rc (*each)(struct checker *, const struct line *), uint64_t count,
                        const zh_digest *expected)
{
    zh_opening_root root;
    struct line line;
    bool good;
    zh_rc rc = ZH_OK;
    zh_opening_root_begin(&root, checker->file->figure.entry.alg);
    while (rc == ZH_OK && next_line(&text, &line, &good)) {
        if (!good) {
            rc = bad_line(name, line.index, "不合格式", checker->err);
        } else if (line.index >= checker->out->checkpoint_size) {
            rc = bad_line(name, line.index, "不早于计算时的检查点", checker->err);
        } else {
            rc = check_next(&root, name, line.index, checker->err);
        }
        if (rc == ZH_OK) {
            rc = each(checker, &line);
            add_line(&root, line.index, line.whole);
        }
    }
    zh_digest got;
    uint64_t lines;
    zh_opening_root_end(&root, &got, &lines);
    if (rc == ZH_OK && (lines != count || !zh_digest_eq(&got, expected))) {
        rc = zh_err_set(checker->err, ZH_EINVAL, "opening.root",
                        "数字开示的%s与存证的根或行数不一致：有增删或改动", name);
    }
    return rc;
}

/* The included candidates are exactly the records of the detail. */
static zh_rc check_agreement(struct checker *checker)
{
    zh_str detail = checker->file->detail;
    zh_str frame = checker->file->frame;
    struct line used;
    struct line candidate;
    bool good;
    while (next_line(&frame, &candidate, &good)) {
        if (!zh_str_is(candidate.second, "+")) {
            continue;
        }
        if (!next_line(&detail, &used, &good) || used.index != candidate.index) {
            return bad_line("候选清单", candidate.index, "标为计入，但明细中没有对应的一行",
                            checker->err);
        }
    }
    if (next_line(&detail, &used, &good)) {
        return bad_line("明细", used.index, "在候选清单中没有标为计入", checker->err);
    }
    return ZH_OK;
}

/* A field of the figure, of one of the types. */
static bool field_of(const zh_disclosure_file *figure, const char *name, const char *types,
                     zh_str *out)
{
    const zh_disclosure *shown = zh_disclosure_find(figure, name);
    if (!shown || !strchr(types, shown->field.type)) {
        return false;
    }
    *out = shown->field.value;
    return true;
}

static uint64_t number_of(zh_str bytes)
{
    uint64_t value = 0;
    for (size_t i = 0; i < bytes.n; i++) {
        value = value << 8 | (uint8_t)bytes.p[i];
    }
    return value;
}

/* What the figure's own record says. */
struct stated {
    uint64_t detail_count, frame_count;
    zh_digest detail_root, frame_root;
};

static zh_rc read_stated(struct checker *checker, struct stated *out)
{
    const zh_disclosure_file *figure = &checker->file->figure;
    zh_opening_result *result = checker->out;
    zh_str size;
    zh_str detail_count;
    zh_str frame_count;
    zh_str detail_root;
    zh_str frame_root;
    if (!field_of(figure, "indicator", "t", &result->indicator) ||
        !field_of(figure, "formula", "t", &result->formula) ||
        !field_of(figure, "value", "t", &result->value) ||
        !field_of(figure, "numerator", "d", &result->numerator) ||
        !field_of(figure, "denominator", "dn", &result->denominator) ||
        !field_of(figure, "checkpoint_size", "u", &size) ||
        !field_of(figure, "detail_count", "u", &detail_count) ||
        !field_of(figure, "frame_count", "u", &frame_count) ||
        !field_of(figure, "detail_root", "b", &detail_root) ||
        !field_of(figure, "frame_root", "b", &frame_root) || detail_root.n != ZH_DIGEST_BYTES ||
        frame_root.n != ZH_DIGEST_BYTES) {
        return wrong(checker, "opening.fields",
                     "数字的存证记录缺少字段:indicator、formula、value、numerator、denominator、"
                     "checkpoint_size、detail_count、detail_root、frame_count、frame_root");
    }
    result->checkpoint_size = number_of(size);
    out->detail_count = number_of(detail_count);
    out->frame_count = number_of(frame_count);
    memcpy(out->detail_root.b, detail_root.p, ZH_DIGEST_BYTES);
    memcpy(out->frame_root.b, frame_root.p, ZH_DIGEST_BYTES);
    return ZH_OK;
}

static zh_rc check_figure_entry(struct checker *checker, const zh_policy *policy)
{
    const zh_disclosure_file *figure = &checker->file->figure;
    zh_tlog_proof proof;
    zh_rc rc = zh_disclosure_file_check(figure, checker->err);
    if (rc == ZH_OK && figure->entry.kind != ZH_ENTRY_FIGURE) {
        rc = wrong(checker, "opening.kind", "存证条目不是“公布的数字”(种类 4)");
    }
    if (rc == ZH_OK && !figure->proof.p) {
        rc = bad_member("proof", checker->err);
    }
    if (rc == ZH_OK) {
        rc = zh_tlog_proof_parse(figure->proof, &proof, checker->err);
    }
    if (rc == ZH_OK) {
        checker->out->index = proof.index;
        rc = zh_tlog_proof_check_entry(
            &proof, policy, (zh_str){(const char *)figure->entry_bytes, ZH_RECORD_ENTRY_BYTES},
            &checker->out->opened, checker->err);
    }
    return rc;
}

/* Reads on to the line of this entry; false when it is not there, or was passed already. */
static bool frame_names(zh_str *frame, uint64_t index)
{
    struct line line;
    bool good;
    while (next_line(frame, &line, &good)) {
        if (line.index >= index) {
            return line.index == index;
        }
    }
    return false;
}

static zh_rc check_records(struct checker *checker)
{
    const zh_opening_file *file = checker->file;
    const zh_checkpoint *tree = &checker->out->opened.checkpoint;
    zh_hash hash;
    zh_hash_begin(&hash, zh_key_tree_alg(checker->out->opened.log->type));
    zh_rc rc = ZH_OK;
    zh_str frame = file->frame; /* records ascend as it does: one pass */
    for (size_t i = 0; i < file->n && rc == ZH_OK; i++) {
        const zh_opening_record *record = &file->records[i];
        zh_digest leaf;
        zh_tree_leaf(&hash, record->shown.entry_bytes, ZH_RECORD_ENTRY_BYTES, &leaf);
        rc = zh_tree_check_inclusion(&hash, &leaf, record->index, tree->size, record->path,
                                     record->path_n, &tree->root, checker->err);
        if (rc == ZH_OK) {
            rc = zh_disclosure_file_check(&record->shown, checker->err);
        }
        if (rc == ZH_OK && !frame_names(&frame, record->index)) {
            rc =
                wrong(checker, "opening.records", "开示的记录不在候选清单中，或没有按位置升序排列");
        }
        if (rc != ZH_OK) {
            zh_err_where(checker->err, "records: %llu", (unsigned long long)record->index);
        }
    }
    zh_hash_release(&hash);
    checker->out->records = file->n;
    return rc;
}

static zh_rc check_sums(struct checker *checker)
{
    zh_str fold = ZH_STR("sum");
    const zh_disclosure *shown = zh_disclosure_find(&checker->file->figure, "fold");
    if (shown) {
        fold = shown->field.value;
    }
    if (!zh_str_is(fold, "sum")) {
        return ZH_OK;
    }
    zh_opening_result *result = checker->out;
    bool has_denominator =
        zh_disclosure_find(&checker->file->figure, "denominator")->field.type == ZH_FIELD_DECIMAL;
    if (!sum_is(checker->numerator, result->numerator) ||
        (has_denominator &&
         (checker->without || !sum_is(checker->denominator, result->denominator)))) {
        return wrong(checker, "opening.sum", "明细各行的合计不等于公布的分子或分母");
    }
    result->recounted = true;
    return ZH_OK;
}

/* value = numerator / denominator * scale, when the record says scale and digits. */
static zh_rc check_value(struct checker *checker)
{
    const zh_disclosure_file *figure = &checker->file->figure;
    zh_str scale;
    zh_str digits;
    struct sum num = {0};
    struct sum den = {.scaled = 1};
    struct sum factor = {0};
    zh_decimal value;
    zh_decimal stated;
    if (!field_of(figure, "scale", "d", &scale) || !field_of(figure, "digits", "u", &digits)) {
        return ZH_OK;
    }
    bool fraction = checker->out->denominator.n > 0;
    if (fraction) {
        den = (struct sum){0};
    }
    bool good = number_of(digits) <= ZH_DECIMAL_DIGITS_MAX &&
                sum_add(&num, checker->out->numerator) && sum_add(&factor, scale) &&
                (!fraction || sum_add(&den, checker->out->denominator)) &&
                !__builtin_mul_overflow(num.scaled, factor.scaled, &num.scaled);
    unsigned above = num.digits + (unsigned)factor.digits;
    good = good &&
           scale_up(above > den.digits ? &den.scaled : &num.scaled,
                    above > den.digits ? above - den.digits : den.digits - above) &&
           zh_i128_ratio(num.scaled, den.scaled, (uint8_t)number_of(digits), ZH_ROUND_HALF_EVEN,
                         &value) == ZH_OK &&
           zh_decimal_parse(checker->out->value, false, &stated) == ZH_OK;
    if (!good || zh_decimal_cmp(value, stated) != 0) {
        return wrong(checker, "opening.value", "公布的数值与分子、分母算得的不一致");
    }
    checker->out->revalued = true;
    return ZH_OK;
}

zh_rc zh_opening_check(const zh_opening_file *file, const zh_policy *policy, zh_opening_result *out,
                       zh_err *err)
{
    memset(out, 0, sizeof(*out));
    struct checker checker = {.file = file, .out = out, .err = err};
    struct stated stated;
    zh_rc rc = check_figure_entry(&checker, policy);
    if (rc == ZH_OK) {
        rc = read_stated(&checker, &stated);
    }
    if (rc == ZH_OK && out->checkpoint_size > out->index) {
        rc = wrong(&checker, "opening.checkpoint", "数字声称的检查点比它自己的存证位置还晚");
    }
    if (rc == ZH_OK) {
        rc = check_list(&checker, "明细", file->detail, check_detail_line, stated.detail_count,
                        &stated.detail_root);
    }
    if (rc == ZH_OK) {
        out->details = stated.detail_count;
        rc = check_list(&checker, "候选清单", file->frame, check_frame_line, stated.frame_count,
                        &stated.frame_root);
    }
    if (rc == ZH_OK) {
        rc = check_agreement(&checker);
    }
    if (rc == ZH_OK) {
        rc = check_sums(&checker);
    }
    if (rc == ZH_OK) {
        rc = check_value(&checker);
    }
    if (rc == ZH_OK) {
        rc = check_records(&checker);
    }
    return rc;
}
