/* Opening of a published figure: from the number down to the records it was counted from, checkable
 * by an outsider without the database.
 *
 * Publishing appends an entry of kind 4 (ZH_ENTRY_FIGURE). Its record has at least these fields,
 * types in brackets; further ones (title, period, region, publication) may stand beside them:
 *   indicator [t] id          formula [t] hash of the formula's version, lower-case hex
 *   numerator [d] denominator [d or n]  exact           value [t] as published
 *   checkpoint_size [u]  size of the log when it was computed: every index below is less
 *   detail_count [u]     detail_root [b]
 *   frame_count [u]      frame_root [b]
 *   scale [d] digits [u] optional: value = numerator / denominator * scale, rounded half-even to
 *                        that many decimals (GB/T 8170); denominator n: value = numerator * scale
 *
 * detail: one line for every record used, "INDEX NUMERATOR DENOMINATOR", in ascending order of the
 * position of the record's entry in the log; plain decimals, "-" for no denominator. The sums of
 * the columns are the figure's numerator and denominator when `fold` [t] is absent or "sum". frame:
 * one line for every candidate, "INDEX + REASON" or "INDEX - REASON" (included or excluded; the
 * reason may be empty after +, with no space then), in ascending order. The lines with + are
 * exactly the indices of detail.
 * Both roots are RFC 6962 heads over the lines as entries (UTF-8, without the newline), by the hash
 * of the entry's alg.
 *
 * File (ends in .figure.json):
 *   {"format": "zhiheng/figure/v1",
 *    "entry": …, "fields": […], "proof": "…",         as in a disclosure file, of the kind-4 entry
 *    "detail": "12 1 1\n15 0 1\n", "frame": "12 +\n13 - 复检中\n15 +\n",
 *    "records": [{"index": 12, "path": ["hex", …], "entry": …, "fields": […]}, …]}
 * records: any of the entries that detail or frame names, each with its inclusion path in the tree
 * of the proof's checkpoint, and the fields that are shown. */
#ifndef ZH_PROOF_OPENING_H
#define ZH_PROOF_OPENING_H

#include "proof/disclosure.h"
#include "proof/tlog_proof.h"

#define ZH_OPENING_BYTES_MAX   ((size_t)1 << 30)
#define ZH_OPENING_LINES_MAX   5000000u
#define ZH_OPENING_REASON_MAX  200 /* bytes */
#define ZH_OPENING_RECORDS_MAX 100000u

/* Root over lines that are being made, in order; no memory beyond the edge. */
typedef struct zh_opening_root {
    zh_hash hash;
    zh_tree_edge edge;
    uint64_t last;
} zh_opening_root;

void zh_opening_root_begin(zh_opening_root *root, zh_hash_alg alg);
/* Appends the detail line and its newline to out, and the line to the root. denominator: empty for
 * none. ZH_EINVAL (opening.line): index does not ascend, a number is not a plain decimal. */
zh_rc zh_opening_detail(zh_opening_root *root, uint64_t index, zh_str numerator, zh_str denominator,
                        zh_buf *out, zh_err *err) ZH_MUST;
/* The same for a frame line. The reason has no newline; ZH_EINVAL, ZH_ELIMIT. */
zh_rc zh_opening_frame(zh_opening_root *root, uint64_t index, bool included, zh_str reason,
                       zh_buf *out, zh_err *err) ZH_MUST;
/* Root and number of lines; the root is released. */
void zh_opening_root_end(zh_opening_root *root, zh_digest *out, uint64_t *count);

typedef struct zh_opening_record {
    uint64_t index;
    zh_digest path[ZH_TREE_PATH_MAX];
    size_t path_n;
    zh_disclosure_file shown;
} zh_opening_record;

typedef struct zh_opening_file {
    zh_disclosure_file figure; /* with proof */
    zh_str detail, frame;
    zh_opening_record *records;
    size_t n;
} zh_opening_file;

void zh_opening_write(const zh_opening_file *file, zh_jw *w);
/* ZH_EINVAL (opening.format), ZH_ELIMIT, ZH_ENOMEM. Results live in the arena and borrow from the
 * text. */
zh_rc zh_opening_read(zh_arena *arena, zh_str text, zh_opening_file *out, zh_err *err) ZH_MUST;

/* What a checked opening says. */
typedef struct zh_opening_result {
    zh_opened opened;                                         /* the checkpoint */
    uint64_t index;                                           /* of the figure's entry */
    zh_str indicator, formula, value, numerator, denominator; /* denominator may be empty */
    uint64_t checkpoint_size;
    uint64_t details, included, excluded;
    size_t records; /* opened down to the entry, of `details` + `excluded` */
    bool recounted; /* numerator and denominator are the sums (not for another fold) */
    bool revalued;  /* value follows from them by scale and digits */
} zh_opening_result;

/* Checks everything that the file can show: the figure's fields against its entry, the entry
 * against the log and the policy, both lists against their roots, their order and agreement, the
 * sums, the value, and every record given. ZH_EINVAL naming what is wrong, or an error of
 * zh_policy_open. */
zh_rc zh_opening_check(const zh_opening_file *file, const zh_policy *policy, zh_opening_result *out,
                       zh_err *err) ZH_MUST;

#endif
