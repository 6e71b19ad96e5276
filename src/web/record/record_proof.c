/* The proof footer of a record: where its version stands in the log, and what can be handed to
 * somebody who checks without this system. */
#include "base/os.h"
#include "core/ledger/evidence.h"
#include "web/frame/part.h"
#include "web/record/record.h"
#include <inttypes.h>
#include <string.h>

static zh_str proof_url(zh_ui *ui, const char *what, int64_t position)
{
    return zh_str_fmt(ui->arena, "/api/v1/ledger/%s/%" PRId64, what, position);
}

/* Personal fields stand unticked: whoever shows them must want to. */
static void choice(zh_shown_record *r, const zh_field *field)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    bool personal = field->pipl != ZH_PIPL_NONE;
    for (size_t c = 0; c < field->ncolumns; c++) {
        personal = personal || field->columns[c].pipl != ZH_PIPL_NONE;
    }
    zh_html_open(h, "label", "check");
    zh_html_open(h, "input", NULL);
    zh_html_attr_z(h, "type", "checkbox");
    zh_html_attr_z(h, "name", "field");
    zh_html_attr(h, "value", field->id);
    zh_html_z(h, " ");
    zh_html_value(h, zh_ui_label(ui, field->label));
    if (personal) {
        zh_html_z(h, " ");
        zh_part_tag(ui, ZH_TAG_WATCH, zh_ui_text(ui, ZH_T_RECORD_PROVE_PERSONAL));
    }
    zh_html_close(h);
    zh_html_z(h, " ");
}

static void show_form(zh_shown_record *r, int64_t position)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    const zh_record *record = zh_shown(r);
    zh_html_open(h, "details", "gap");
    zh_html_leaf(h, "summary", NULL, zh_ui_text(ui, ZH_T_RECORD_PROVE));
    zh_html_leaf(h, "p", "sm", ZH_SAY(ui, ZH_T_RECORD_PROVE_HELP, zh_ui_count(ui, position)));
    zh_html_open(h, "form", "sm");
    zh_html_attr_z(h, "method", "get");
    zh_html_link(h, "action", proof_url(ui, "entries", position));
    for (size_t i = 0; i < r->reg->nfields; i++) {
        const zh_field *field = &r->reg->fields[i];
        if (record->values[i].kind != ZH_NULL || record->tables[i].n > 0) {
            choice(r, field);
        }
    }
    zh_html_open(h, "button", "btn");
    zh_html_attr_z(h, "type", "submit");
    zh_html_text(h, zh_ui_text(ui, ZH_T_RECORD_PROVE_GET));
    zh_html_close(h);
    zh_html_close(h);
    zh_html_close(h);
}

static void place(zh_shown_record *r, const zh_version_proof *p, const zh_record_entry *entry,
                  bool agrees)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    zh_digest leaf;
    char hex[2 * ZH_DIGEST_BYTES + 1];
    zh_record_entry_leaf(p->stored, entry->alg, &leaf);
    zh_digest_hex(&leaf, hex);
    zh_html_open(h, "b", NULL);
    zh_part_seal(ui, agrees ? zh_part_sealed(ui, p->position) : ZH_SEAL_BAD);
    zh_html_z(h, " ");
    zh_html_text(h, zh_ui_text(ui, ZH_T_RECORD_PROOF));
    zh_html_close(h);
    zh_html_open(h, "span", NULL);
    zh_html_text(h, zh_ui_text(ui, ZH_T_SEALBAR_POS));
    zh_html_z(h, " ");
    zh_html_leaf(h, "b", NULL,
                 p->position >= 0 ? zh_ui_count(ui, p->position)
                                  : zh_ui_text(ui, ZH_T_SEALBAR_WAIT));
    zh_html_close(h);
    zh_html_open(h, "span", "mono");
    zh_html_z(h, entry->alg == ZH_HASH_SM3 ? "SM3 " : "SHA-256 ");
    zh_html_z(h, hex);
    zh_html_close(h);
}

static void links(zh_shown_record *r, int64_t position, bool sealed)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    const zh_record *record = zh_shown(r);
    zh_html_leaf(h, "span", "grow", ZH_STR(""));
    if (sealed) {
        zh_html_a(h, NULL, proof_url(ui, "proofs", position),
                  zh_ui_text(ui, ZH_T_RECORD_GET_PROOF));
    }
    zh_html_a(
        h, NULL,
        zh_url_path(ui->arena, "/api/v1/registers", r->reg->id,
                    zh_str_fmt(ui->arena, "%" PRId64 "-%" PRId64, record->office, record->id)),
        zh_ui_text(ui, ZH_T_RECORD_JSON));
    zh_str url = zh_url_record(ui->arena, r->reg->id, record->office, record->id);
    zh_html_a(h, NULL, zh_str_fmt(ui->arena, "%.*s/access", ZH_FMT(url)),
              zh_ui_text(ui, ZH_T_ACCESS_WHO_LINK));
}

zh_rc zh_record_proof(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    const zh_record *record = zh_shown(r);
    zh_version_proof p;
    zh_record_entry entry;
    zh_rc rc = zh_version_prove(&ui->ctx, ui->conn, r->reg, record->office, record->id,
                                record->version, &p);
    if (rc == ZH_OK) {
        rc = zh_record_entry_read((zh_str){(const char *)p.stored, sizeof p.stored}, &entry,
                                  ui->err);
    }
    if (rc != ZH_OK) {
        return rc;
    }
    bool agrees = memcmp(p.stored, p.computed, sizeof p.stored) == 0;
    bool sealed = agrees && zh_part_sealed(ui, p.position) == ZH_SEAL_DONE;
    zh_html_open(h, "div", "sealbar gap");
    zh_html_attr_z(h, "id", "proof");
    place(r, &p, &entry, agrees);
    zh_html_leaf(h, "span", NULL,
                 ZH_SAY(ui, ZH_T_RECORD_VERSION_N, zh_ui_count(ui, record->version)));
    zh_html_leaf(h, "span", NULL,
                 ZH_SAY(ui, ZH_T_RECORD_DECLARATION, r->versions[r->at].declaration));
    zh_html_leaf(h, "span", NULL,
                 zh_ui_text(ui, agrees ? ZH_T_RECORD_AGREES : ZH_T_RECORD_DIFFERS));
    if (p.erased) {
        zh_html_leaf(h, "span", NULL, zh_ui_text(ui, ZH_T_RECORD_ERASED));
    }
    zh_html_leaf(h, "span", NULL,
                 sealed ? ZH_SAY(ui, ZH_T_RECORD_SEALED_IN, zh_ui_count(ui, ui->sealed))
                        : zh_ui_text(ui, ZH_T_RECORD_LEDGER_WAIT));
    links(r, p.position, sealed);
    zh_html_close(h);
    if (sealed) {
        show_form(r, p.position);
    }
    return ZH_OK;
}
