/* Writes a small log with everything that an outsider may be handed, for the tests of the outside
 * programs and of the browser page. The keys are test keys of fixed seeds.
 *
 *   sample DIR N     N records (2 .. 100000) and a figure about them:
 *     DIR/pub         the SHA-256 log; DIR/gm: its SM3 twin
 *     DIR/log.key, gm.key, witness.key      verifier keys; witness.signer: a signer key, mode 0600
 *     DIR/policy      tlog-policy: the log and one witness
 *     DIR/I.tlog-proof, I.json              proof and disclosure of record I, for a few
 *     DIR/both.json   disclosure with its proof; DIR/sample.figure.json */
#include "base/os.h"
#include "proof/opening.h"
#include "proof/tile.h"
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define FIELDS     4
#define TIME_MS    1790000000000
#define ORIGIN     "ledger.test.example/zhiheng"
#define GM_ORIGIN  "ledger.test.example/zhiheng-sm"
#define WITNESS    "witness.test.example/shenji"
#define PATH_BYTES 4096

struct record {
    char text[3][64];
    zh_record_field fields[FIELDS];
    zh_digest salt;
    uint8_t entry[2][ZH_RECORD_ENTRY_BYTES]; /* alg 1, alg 2 */
};

struct sample {
    const char *dir;
    uint64_t n;
    zh_signer log, gm, witness;
    zh_tile_front front, gm_front;
    zh_buf history, gm_history;
    zh_buf note; /* newest, cosigned */
    zh_arena *arena;
    zh_err err;
};

static void must(zh_rc rc, const struct sample *s)
{
    if (rc != ZH_OK) {
        (void)fprintf(stderr, "sample: %s (%s)\n", s->err.message, s->err.where);
        zh_panic(__FILE__, __LINE__, "sample");
    }
}

static void write_file(struct sample *s, const char *name, zh_str bytes)
{
    char path[2 * PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%s/%s", s->dir, name);
    must(zh_file_replace(path, bytes, &s->err), s);
}

/* Deterministic: the samples of two runs are equal. */
static void derive(const char *word, uint64_t i, zh_digest *out)
{
    char text[64];
    int n = snprintf(text, sizeof(text), "zhiheng test %s %llu", word, (unsigned long long)i);
    zh_hash_of(ZH_HASH_SHA256, (zh_str){text, (size_t)n}, out);
}

static bool passed(uint64_t i)
{
    return i % 7 != 3;
}

static bool counted(uint64_t i)
{
    return i % 5 != 4;
}

static void seal(struct sample *s, zh_record_field *fields, size_t n, zh_entry_kind kind,
                 uint64_t i, const zh_digest *salt, uint8_t entry[2][ZH_RECORD_ENTRY_BYTES])
{
    zh_digest work[32];
    must(zh_record_sort(fields, n, &s->err), s);
    for (int alg = ZH_HASH_SHA256; alg <= ZH_HASH_SM3; alg++) {
        zh_record_entry e = {.alg = (zh_hash_alg)alg,
                             .kind = kind,
                             .time_ms = TIME_MS + i * 1000,
                             .subject = 1000 + i,
                             .n = (uint16_t)n};
        must(zh_record_root(e.alg, salt, fields, n, work, &e.root, &s->err), s);
        zh_record_entry_write(&e, entry[alg - 1]);
    }
}

static void make_record(struct sample *s, uint64_t i, struct record *r)
{
    (void)snprintf(r->text[0], sizeof(r->text[0]), "示例样品 %llu", (unsigned long long)i);
    (void)snprintf(r->text[1], sizeof(r->text[1]), "0.%03llu", (unsigned long long)(i % 1000));
    (void)snprintf(r->text[2], sizeof(r->text[2]), "%s", passed(i) ? "合格" : "不合格");
    r->fields[0] = (zh_record_field){ZH_STR("sample"), zh_str_of(r->text[0]), ZH_FIELD_TEXT};
    r->fields[1] = (zh_record_field){ZH_STR("result"), zh_str_of(r->text[1]), ZH_FIELD_DECIMAL};
    r->fields[2] = (zh_record_field){ZH_STR("verdict"), zh_str_of(r->text[2]), ZH_FIELD_TEXT};
    r->fields[3] = (zh_record_field){ZH_STR("phone"), ZH_STR("000-0000"), ZH_FIELD_TEXT};
    derive("salt", i, &r->salt);
    seal(s, r->fields, FIELDS, ZH_ENTRY_EVIDENCE, i, &r->salt, r->entry);
}

static void append(struct sample *s, uint8_t entry[2][ZH_RECORD_ENTRY_BYTES])
{
    char pub[PATH_BYTES];
    char gm[PATH_BYTES];
    (void)snprintf(pub, sizeof(pub), "%s/pub", s->dir);
    (void)snprintf(gm, sizeof(gm), "%s/gm", s->dir);
    zh_tile_sink sink = zh_tile_directory_sink(pub);
    zh_tile_sink gm_sink = zh_tile_directory_sink(gm);
    zh_str one = {(const char *)entry[0], ZH_RECORD_ENTRY_BYTES};
    zh_str two = {(const char *)entry[1], ZH_RECORD_ENTRY_BYTES};
    must(zh_tile_front_add(&s->front, one, &sink, &s->err), s);
    must(zh_tile_front_add(&s->gm_front, two, &gm_sink, &s->err), s);
}

static void checkpoint_one(struct sample *s, const char *folder, zh_tile_front *front,
                           const zh_signer *signer, const char *origin, zh_buf *history)
{
    char path[PATH_BYTES];
    zh_buf note;
    (void)snprintf(path, sizeof(path), "%s/%s", s->dir, folder);
    zh_tile_sink sink = zh_tile_directory_sink(path);
    must(zh_tile_front_flush(front, &sink, &s->err), s);
    zh_checkpoint checkpoint = {.origin = zh_str_of(origin), .size = front->edge.size};
    zh_tile_front_root(front, &checkpoint.root);
    zh_buf_init(&note, ZH_NOTE_BYTES_MAX);
    zh_checkpoint_sign(&checkpoint, signer, 1, 0, &note);
    zh_buf_str(history, zh_buf_view(&note));
    if (signer == &s->log) {
        zh_note parsed;
        must(zh_note_parse(zh_buf_view(&note), &parsed, &s->err), s);
        zh_buf_clear(&s->note);
        zh_buf_str(&s->note, zh_buf_view(&note));
        zh_note_sign(parsed.text, &s->witness, (TIME_MS / 1000) + checkpoint.size, &s->note);
    }
    (void)snprintf(path, sizeof(path), "%s/checkpoint", folder);
    write_file(s, path, signer == &s->log ? zh_buf_view(&s->note) : zh_buf_view(&note));
    (void)snprintf(path, sizeof(path), "%s/checkpoints", folder);
    write_file(s, path, zh_buf_view(history));
    zh_buf_free(&note);
}

static void checkpoint(struct sample *s)
{
    checkpoint_one(s, "pub", &s->front, &s->log, ORIGIN, &s->history);
    checkpoint_one(s, "gm", &s->gm_front, &s->gm, GM_ORIGIN, &s->gm_history);
}

/* ---- what is handed out ---- */

static void prove(struct sample *s, uint64_t index, zh_tlog_proof *proof, zh_buf *text)
{
    char pub[PATH_BYTES];
    zh_hash hash;
    (void)snprintf(pub, sizeof(pub), "%s/pub", s->dir);
    zh_tile_store store = zh_tile_directory(pub);
    zh_tile_nodes *nodes = zh_tile_nodes_new(s->arena, ZH_HASH_SHA256, &store, s->front.edge.size);
    zh_tree_source source = zh_tile_nodes_source(nodes);
    zh_hash_begin(&hash, ZH_HASH_SHA256);
    *proof = (zh_tlog_proof){.index = index, .note = zh_buf_view(&s->note)};
    must(zh_tree_prove_inclusion(&hash, &source, index, s->front.edge.size, proof->path,
                                 &proof->path_n, &s->err),
         s);
    zh_hash_release(&hash);
    zh_buf_init(text, ZH_TLOG_PROOF_BYTES_MAX);
    zh_tlog_proof_write(proof, text);
}

/* All fields but the phone number. */
static void disclose(struct sample *s, uint64_t i, zh_disclosure_file *out)
{
    struct record *r = ZH_NEW(s->arena, struct record);
    zh_digest work[FIELDS];
    make_record(s, i, r);
    *out = (zh_disclosure_file){.fields = ZH_NEW_N(s->arena, zh_disclosure, FIELDS)};
    memcpy(out->entry_bytes, r->entry[0], ZH_RECORD_ENTRY_BYTES);
    must(zh_record_entry_read((zh_str){(const char *)out->entry_bytes, ZH_RECORD_ENTRY_BYTES},
                              &out->entry, &s->err),
         s);
    for (size_t f = 0; f < FIELDS; f++) {
        if (!zh_str_is(r->fields[f].name, "phone")) {
            must(zh_record_disclose(ZH_HASH_SHA256, &r->salt, r->fields, FIELDS, f, work,
                                    &out->fields[out->n++], &s->err),
                 s);
        }
    }
}

static void hand_out(struct sample *s, uint64_t i, bool together)
{
    char name[64];
    zh_tlog_proof proof;
    zh_buf text;
    zh_buf json;
    zh_jw w;
    zh_disclosure_file file;
    prove(s, i, &proof, &text);
    disclose(s, i, &file);
    zh_buf_init(&json, ZH_DISCLOSURE_BYTES_MAX);
    zh_jw_init(&w, &json, 2);
    if (together) {
        file.proof = zh_buf_view(&text);
    }
    (void)snprintf(name, sizeof(name), "%llu.tlog-proof", (unsigned long long)i);
    write_file(s, name, zh_buf_view(&text));
    zh_disclosure_write(&file, &w);
    (void)snprintf(name, sizeof(name), "%llu.json", (unsigned long long)i);
    write_file(s, together ? "both.json" : name, zh_buf_view(&json));
    zh_buf_free(&json);
    zh_buf_free(&text);
}

static zh_record_field number_field(struct sample *s, const char *name, uint64_t n)
{
    char *bytes = ZH_NEW_N(s->arena, char, 8);
    for (int k = 0; k < 8; k++) {
        bytes[k] = (char)(uint8_t)(n >> (8 * (7 - k)));
    }
    return (zh_record_field){zh_str_of(name), {bytes, 8}, ZH_FIELD_U64};
}

static zh_record_field digest_field(struct sample *s, const char *name, const zh_digest *digest)
{
    zh_str bytes = {(const char *)digest->b, ZH_DIGEST_BYTES};
    return (zh_record_field){zh_str_of(name), zh_str_dup(s->arena, bytes), ZH_FIELD_BYTES};
}

struct figure {
    zh_buf detail, frame;
    zh_record_field fields[12];
    size_t n;
    zh_digest salt;
    uint8_t entry[2][ZH_RECORD_ENTRY_BYTES];
};

/* Pass rate of the counted samples, as a percentage with two decimals. */
static void publish(struct sample *s, struct figure *f)
{
    zh_opening_root detail;
    zh_opening_root frame;
    zh_digest root;
    uint64_t num = 0;
    uint64_t den = 0;
    uint64_t count;
    zh_decimal value;
    zh_buf_init(&f->detail, ZH_OPENING_BYTES_MAX);
    zh_buf_init(&f->frame, ZH_OPENING_BYTES_MAX);
    zh_opening_root_begin(&detail, ZH_HASH_SHA256);
    zh_opening_root_begin(&frame, ZH_HASH_SHA256);
    for (uint64_t i = 0; i < s->n; i++) {
        must(zh_opening_frame(&frame, i, counted(i), counted(i) ? ZH_STR_NONE : ZH_STR("复检中"),
                              &f->frame, &s->err),
             s);
        if (counted(i)) {
            must(zh_opening_detail(&detail, i, passed(i) ? ZH_STR("1") : ZH_STR("0"), ZH_STR("1"),
                                   &f->detail, &s->err),
                 s);
            num += passed(i) ? 1 : 0;
            den++;
        }
    }
    must(zh_i128_ratio((zh_i128)num * 100, den, 2, ZH_ROUND_HALF_EVEN, &value), s);
    zh_record_field *field = f->fields;
    *field++ = (zh_record_field){ZH_STR("indicator"), ZH_STR("sample_pass_rate"), 't'};
    *field++ = (zh_record_field){ZH_STR("formula"), ZH_STR("00ff"), 't'};
    *field++ = (zh_record_field){ZH_STR("value"), zh_decimal_str(s->arena, value), 't'};
    *field++ = (zh_record_field){ZH_STR("scale"), ZH_STR("100"), 'd'};
    *field++ = number_field(s, "digits", 2);
    *field++ = (zh_record_field){ZH_STR("numerator"),
                                 zh_str_fmt(s->arena, "%llu", (unsigned long long)num), 'd'};
    *field++ = (zh_record_field){ZH_STR("denominator"),
                                 zh_str_fmt(s->arena, "%llu", (unsigned long long)den), 'd'};
    *field++ = number_field(s, "checkpoint_size", s->n);
    zh_opening_root_end(&detail, &root, &count);
    *field++ = number_field(s, "detail_count", count);
    *field++ = digest_field(s, "detail_root", &root);
    zh_opening_root_end(&frame, &root, &count);
    *field++ = number_field(s, "frame_count", count);
    *field++ = digest_field(s, "frame_root", &root);
    f->n = (size_t)(field - f->fields);
    derive("salt", s->n, &f->salt);
    seal(s, f->fields, f->n, ZH_ENTRY_FIGURE, s->n, &f->salt, f->entry);
    append(s, f->entry);
}

static void hand_out_figure(struct sample *s, const struct figure *f)
{
    zh_digest work[32];
    zh_tlog_proof proof;
    zh_buf text;
    zh_buf json;
    zh_jw w;
    zh_opening_file file = {.detail = zh_buf_view(&f->detail), .frame = zh_buf_view(&f->frame)};
    prove(s, s->n, &proof, &text);
    file.figure.fields = ZH_NEW_N(s->arena, zh_disclosure, f->n);
    file.figure.proof = zh_buf_view(&text);
    memcpy(file.figure.entry_bytes, f->entry[0], ZH_RECORD_ENTRY_BYTES);
    for (size_t i = 0; i < f->n; i++) {
        must(zh_record_disclose(ZH_HASH_SHA256, &f->salt, f->fields, f->n, i, work,
                                &file.figure.fields[i], &s->err),
             s);
    }
    file.figure.n = f->n;
    file.records = ZH_NEW_N(s->arena, zh_opening_record, 8);
    for (uint64_t i = 0; i < 8 && i < s->n; i++) {
        zh_tlog_proof path;
        zh_buf unused;
        zh_opening_record *record = &file.records[file.n++];
        prove(s, i, &path, &unused);
        zh_buf_free(&unused);
        record->index = i;
        record->path_n = path.path_n;
        memcpy(record->path, path.path, sizeof(path.path));
        disclose(s, i, &record->shown);
    }
    zh_buf_init(&json, ZH_OPENING_BYTES_MAX);
    zh_jw_init(&w, &json, 2);
    zh_opening_write(&file, &w);
    write_file(s, "sample.figure.json", zh_buf_view(&json));
    zh_buf_free(&json);
    zh_buf_free(&text);
}

/* ---- keys ---- */

static void make_key(struct sample *s, const char *name, zh_key_type type, const char *file,
                     zh_signer *out)
{
    zh_digest secret;
    zh_buf text;
    derive(name, 0, &secret);
    must(zh_signer_of(zh_str_of(name), type, secret.b, out, &s->err), s);
    zh_buf_init(&text, ZH_KEY_TEXT_BYTES_MAX + 1);
    zh_verifier_write(&out->verifier, &text);
    zh_buf_c(&text, '\n');
    write_file(s, file, zh_buf_view(&text));
    zh_buf_free(&text);
}

static void make_keys(struct sample *s)
{
    char path[PATH_BYTES];
    zh_buf text;
    make_key(s, ORIGIN, ZH_KEY_ED25519, "log.key", &s->log);
    make_key(s, GM_ORIGIN, ZH_KEY_SM2, "gm.key", &s->gm);
    make_key(s, WITNESS, ZH_KEY_COSIGNATURE, "witness.key", &s->witness);
    (void)snprintf(path, sizeof(path), "%s/witness.signer", s->dir);
    must(zh_signer_save(path, &s->witness, &s->err), s);
    zh_buf_init(&text, ZH_POLICY_BYTES_MAX);
    zh_buf_z(&text, "log ");
    zh_verifier_write(&s->log.verifier, &text);
    zh_buf_z(&text, "\nlog ");
    zh_verifier_write(&s->gm.verifier, &text);
    zh_buf_z(&text, "\nwitness 审计 ");
    zh_verifier_write(&s->witness.verifier, &text);
    zh_buf_z(&text, "\nquorum 审计\n");
    write_file(s, "policy", zh_buf_view(&text));
    zh_buf_free(&text);
}

int main(int argc, char **argv)
{
    struct sample s = {.dir = argc == 3 ? argv[1] : ""};
    if (argc != 3 || zh_str_u64(zh_str_of(argv[2]), &s.n) != ZH_OK || s.n < 2 || s.n > 100000) {
        (void)fputs("usage: sample DIR N\n", stderr);
        return 2;
    }
    s.arena = zh_arena_new(ZH_ARENA_JOB_BYTES);
    must(zh_dir_make(s.dir, &s.err), &s);
    zh_buf_init(&s.history, ZH_ARENA_REQUEST_BYTES);
    zh_buf_init(&s.gm_history, ZH_ARENA_REQUEST_BYTES);
    zh_buf_init(&s.note, ZH_NOTE_BYTES_MAX);
    zh_tile_front_init(&s.front, ZH_HASH_SHA256);
    zh_tile_front_init(&s.gm_front, ZH_HASH_SM3);
    make_keys(&s);
    struct record *r = ZH_NEW(s.arena, struct record);
    for (uint64_t i = 0; i < s.n; i++) {
        make_record(&s, i, r);
        append(&s, r->entry);
        if (i % 61 == 0) {
            checkpoint(&s);
        }
    }
    checkpoint(&s);
    struct figure *f = ZH_NEW(s.arena, struct figure);
    publish(&s, f);
    checkpoint(&s);
    hand_out(&s, 0, false);
    hand_out(&s, s.n - 1, false);
    hand_out(&s, s.n / 2, true);
    hand_out_figure(&s, f);
    zh_buf_free(&f->detail);
    zh_buf_free(&f->frame);
    zh_buf_free(&s.history);
    zh_buf_free(&s.gm_history);
    zh_buf_free(&s.note);
    zh_tile_front_free(&s.front);
    zh_tile_front_free(&s.gm_front);
    zh_arena_free(s.arena);
    return 0;
}
