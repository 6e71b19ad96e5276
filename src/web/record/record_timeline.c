/* Every version of a record: who, when, why, and old values beside new ones. */
#include "core/record/step.h"
#include "web/frame/part.h"
#include "web/record/record.h"

static bool same_rows(const zh_rows *a, const zh_rows *b, const zh_field *table)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n * table->ncolumns; i++) {
        same = zh_value_same(&a->values[i], &b->values[i]);
    }
    return same;
}

static bool changed(const zh_record *a, const zh_record *b, const zh_field *field)
{
    return field->type == ZH_TYPE_TABLE
               ? !same_rows(&a->tables[field->index], &b->tables[field->index], field)
               : !zh_value_same(&a->values[field->index], &b->values[field->index]);
}

static void change(zh_shown_record *r, const zh_record *old, const zh_record *now,
                   const zh_field *field)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    zh_str before = zh_show_field_text(&r->show, old, field);
    zh_str after = zh_show_field_text(&r->show, now, field);
    zh_str none = zh_ui_text(ui, ZH_T_REGISTER_NOT_FILLED);
    zh_html_open(h, "span", "chg");
    zh_html_leaf_value(h, "b", NULL, zh_ui_label(ui, field->label));
    zh_html_z(h, " ");
    zh_html_leaf_value(h, "del", NULL, before.n > 0 ? before : none);
    zh_html_z(h, " → ");
    zh_html_value(h, after.n > 0 ? after : none);
    zh_html_close(h);
}

static size_t filled(const zh_record *record)
{
    size_t n = 0;
    for (size_t i = 0; i < record->reg->nfields; i++) {
        n += record->values[i].kind != ZH_NULL || record->tables[i].n > 0;
    }
    return n;
}

static zh_str what(zh_shown_record *r, size_t at)
{
    zh_ui *ui = r->ui;
    const zh_version *v = &r->versions[at];
    if (zh_str_is(v->op, "transition") && at > 0) {
        const zh_transition *t = zh_register_transition(r->reg, v->transition);
        return ZH_SAY(ui, ZH_T_RECORD_OP_STEP,
                      t != NULL ? zh_ui_label(ui, t->label) : v->transition,
                      zh_show_state(ui, r->reg, r->versions[at - 1].record->state),
                      zh_show_state(ui, r->reg, v->record->state));
    }
    return zh_ui_text(ui, zh_str_is(v->op, "create")     ? ZH_T_RECORD_OP_CREATE
                          : zh_str_is(v->op, "erase")    ? ZH_T_RECORD_OP_ERASE
                          : zh_str_is(v->op, "withdraw") ? ZH_T_RECORD_OP_WITHDRAW
                                                         : ZH_T_RECORD_OP_AMEND);
}

static zh_rc changes(zh_shown_record *r, size_t at)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    const zh_record *now = r->versions[at].record;
    size_t n = 0;
    if (at == 0) {
        zh_html_leaf(h, "span", "chg mu",
                     ZH_SAY(ui, ZH_T_RECORD_FILLED, zh_ui_count(ui, (int64_t)filled(now))));
        return ZH_OK;
    }
    const zh_record *old = r->versions[at - 1].record;
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < r->reg->nfields && rc == ZH_OK; i++) {
        bool inputs = zh_record_is_finding(r->reg) && zh_str_is(r->reg->fields[i].id, "rows");
        if (zh_field_is_signature(&r->reg->fields[i])) {
            n += changed(old, now, &r->reg->fields[i]); /* said on its own */
        } else if (inputs && changed(old, now, &r->reg->fields[i])) {
            rc = zh_record_finding_change(r, old, now);
            n++;
        } else if (changed(old, now, &r->reg->fields[i])) {
            change(r, old, now, &r->reg->fields[i]);
            n++;
        }
    }
    if (n == 0) {
        zh_html_leaf(h, "span", "chg mu", zh_ui_text(ui, ZH_T_RECORD_NOTHING_CHANGED));
    }
    return rc;
}

/* The coded reason by its name, then the words. */
static zh_str reason(zh_shown_record *r, const zh_version *v)
{
    zh_ui *ui = r->ui;
    const zh_transition *t = zh_register_transition(r->reg, v->transition);
    zh_str coded = v->reason_code;
    if (t != NULL && t->reasons != NULL && coded.n > 0) {
        const zh_code *code = zh_code_find(t->reasons, coded, INT32_MIN);
        coded = code != NULL ? zh_ui_label(ui, code->label) : coded;
    } else if (t != NULL && t->vote.k > 0 && coded.n > 0) {
        coded =
            zh_ui_text(ui, zh_str_is(coded, ZH_VOTE_YES) ? ZH_T_ACT_VOTE_YES : ZH_T_ACT_VOTE_NO);
    }
    return coded.n == 0 ? v->reason
           : v->reason.n == 0
               ? coded
               : zh_str_fmt(ui->arena, "%.*s，%.*s", ZH_FMT(coded), ZH_FMT(v->reason));
}

static void said(zh_ui *ui, zh_text_id id, zh_str words)
{
    if (words.n > 0) {
        zh_html_leaf_value(&ui->html, "span", "chg mu", ZH_SAY(ui, id, words));
    }
}

/* What was signed with this step. */
static void signed_by(zh_shown_record *r, const zh_version *v)
{
    const zh_transition *t = zh_register_transition(r->reg, v->transition);
    const zh_field *field = t != NULL ? t->signature : NULL;
    if (field != NULL && v->record->values[field->index].kind == ZH_TEXT) {
        said(r->ui, ZH_T_RECORD_SIGNED,
             zh_show_text(&r->show, field, &v->record->values[field->index]));
    }
}

static zh_rc item(zh_shown_record *r, size_t at)
{
    zh_ui *ui = r->ui;
    zh_html *h = &ui->html;
    const zh_version *v = &r->versions[at];
    const zh_record *record = v->record;
    zh_str url = zh_url_record(ui->arena, r->reg->id, record->office, record->id);
    zh_html_open(h, "li", at == r->at ? "now" : "done");
    zh_html_leaf(h, "b", NULL, what(r, at));
    zh_rc rc = changes(r, at);
    said(ui, ZH_T_RECORD_REASON, reason(r, v));
    said(ui, ZH_T_RECORD_JUSTIFIED, v->justification);
    signed_by(r, v);
    zh_html_leaf(h, "time", NULL, zh_ui_time(ui, record->recorded_at));
    zh_html_open(h, "span", "sm mu");
    zh_html_z(h, "　");
    zh_html_text(h, zh_show_actor(ui, record->actor));
    if (v->second_actor.n > 0) {
        zh_html_z(h, "　");
        zh_html_text(h, ZH_SAY(ui, ZH_T_RECORD_SECOND, zh_show_actor(ui, v->second_actor)));
    }
    zh_html_z(h, "　");
    zh_html_a(h, NULL, zh_url_add_i(ui->arena, url, "version", record->version),
              ZH_SAY(ui, ZH_T_RECORD_VERSION_N, zh_ui_count(ui, record->version)));
    zh_html_z(h, "　");
    zh_html_text(h, v->position >= 0 ? ZH_SAY(ui, ZH_T_LEDGER_AT, zh_ui_count(ui, v->position))
                                     : zh_ui_text(ui, ZH_T_SEALBAR_WAIT));
    zh_html_z(h, " ");
    zh_html_close(h);
    zh_part_seal(ui, zh_part_sealed(ui, v->position));
    zh_html_close(h);
    return rc;
}

zh_rc zh_record_timeline(zh_shown_record *r)
{
    zh_ui *ui = r->ui;
    size_t shown = r->nknown < ZH_RECORD_VERSIONS_SHOWN ? r->nknown : ZH_RECORD_VERSIONS_SHOWN;
    zh_part_section_open(ui, "timeline", zh_ui_text(ui, ZH_T_RECORD_HISTORY), false);
    zh_html_open(&ui->html, "ol", "tl sm");
    zh_rc rc = ZH_OK;
    for (size_t i = 0; i < shown && rc == ZH_OK; i++) {
        rc = item(r, r->nknown - 1 - i);
    }
    zh_html_close(&ui->html);
    if (shown < r->nknown) {
        zh_html_leaf(
            &ui->html, "p", "sm mu",
            ZH_SAY(ui, ZH_T_RECORD_EARLIER, zh_ui_count(ui, (int64_t)(r->nknown - shown))));
    }
    zh_part_section_close(ui);
    return rc;
}
