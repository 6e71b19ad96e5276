/* GET /verify: checks proofs, disclosures and figures by ui/verify.js in the reader's browser. The
 * server only hands out the page: it can be saved, or fetched from another server. */
#include "web/frame/part.h"

static void control(zh_ui *ui, const char *id, zh_text_id label, zh_text_id note)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "div", "field");
    zh_html_open(h, "label", NULL);
    zh_html_attr_z(h, "for", id);
    zh_html_text(h, zh_ui_text(ui, label));
    zh_html_close(h);
    if (label == ZH_T_VERIFY_FILES) {
        zh_html_open(h, "input", NULL);
        zh_html_attr_z(h, "type", "file");
        zh_html_flag(h, "multiple");
    } else {
        zh_html_open(h, "textarea", NULL);
        zh_html_attr_z(h, "rows", "4");
        zh_html_attr_z(h, "spellcheck", "false");
        zh_html_attr_z(h, "autocomplete", "off");
    }
    zh_html_attr_z(h, "id", id);
    zh_html_close(h);
    zh_html_leaf(h, "small", NULL, zh_ui_text(ui, note));
    zh_html_close(h);
}

/* Drawn by the script; the same in figures below. */
static void path_section(zh_ui *ui)
{
    static const zh_text_id heads[] = {ZH_T_VERIFY_LEVEL, ZH_T_VERIFY_SIDE, ZH_T_VERIFY_SIBLING,
                                       ZH_T_VERIFY_RESULT};
    zh_html *h = &ui->html;
    zh_part_section_open(ui, "path", zh_ui_text(ui, ZH_T_VERIFY_PATH), false);
    zh_html_leaf(h, "p", "mu sm", zh_ui_text(ui, ZH_T_VERIFY_PATH_HOW));
    zh_html_open(h, "div", "pathdrawn");
    zh_html_close(h);
    zh_html_open(h, "details", NULL);
    zh_html_leaf(h, "summary", NULL, zh_ui_text(ui, ZH_T_FIG_TABLE));
    zh_html_open(h, "table", NULL);
    zh_html_open(h, "thead", NULL);
    zh_html_open(h, "tr", NULL);
    for (size_t i = 0; i < ZH_COUNTOF(heads); i++) {
        zh_html_open(h, "th", NULL);
        zh_html_attr_z(h, "scope", "col");
        zh_html_text(h, zh_ui_text(ui, heads[i]));
        zh_html_close(h);
    }
    zh_html_close(h);
    zh_html_close(h);
    zh_html_open(h, "tbody", NULL);
    zh_html_close(h);
    zh_html_close(h);
    zh_html_close(h); /* the details */
    zh_part_section_close(ui);
}

/* The four seals and what each says. */
static void seals(zh_ui *ui)
{
    static const struct {
        zh_seal seal;
        zh_text_id text;
    } all[] = {{ZH_SEAL_WAIT, ZH_T_VERIFY_SEAL_WAIT},
               {ZH_SEAL_DONE, ZH_T_VERIFY_SEAL_DONE},
               {ZH_SEAL_OK, ZH_T_VERIFY_SEAL_OK},
               {ZH_SEAL_BAD, ZH_T_VERIFY_SEAL_BAD}};
    zh_html *h = &ui->html;
    zh_html_open(h, "section", "plain");
    zh_html_leaf(h, "h2", NULL, zh_ui_text(ui, ZH_T_VERIFY_SEALS));
    zh_html_open(h, "ul", "seals");
    for (size_t i = 0; i < ZH_COUNTOF(all); i++) {
        zh_html_open(h, "li", NULL);
        zh_part_seal(ui, all[i].seal);
        zh_html_z(h, " ");
        zh_html_text(h, zh_ui_text(ui, all[i].text));
        zh_html_close(h);
    }
    zh_html_close(h);
    zh_html_close(h);
}

static void paragraph(zh_ui *ui, zh_text_id title, zh_text_id text)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "section", "plain");
    zh_html_leaf(h, "h2", NULL, zh_ui_text(ui, title));
    zh_html_leaf(h, "p", "mu", zh_ui_text(ui, text));
    zh_html_close(h);
}

/* What is known before anything was given: where proofs come from, what a failure means. */
static void beside(zh_ui *ui)
{
    zh_html *h = &ui->html;
    zh_html_open(h, "aside", "w4 stack");
    paragraph(ui, ZH_T_VERIFY_WHERE, ZH_T_VERIFY_WHERE_TEXT);
    paragraph(ui, ZH_T_VERIFY_NOT, ZH_T_VERIFY_NOT_TEXT);
    seals(ui);
    zh_html_close(h);
}

static void given(zh_ui *ui)
{
    zh_html *h = &ui->html;
    zh_part_section_open(ui, "give", ZH_STR(""), false);
    zh_html_open(h, "noscript", NULL);
    zh_html_leaf(h, "p", NULL, zh_ui_text(ui, ZH_T_VERIFY_SCRIPT));
    zh_html_close(h);
    zh_html_open(h, "form", NULL); /* never sent: it has no button and no action */
    control(ui, "verify-files", ZH_T_VERIFY_FILES, ZH_T_VERIFY_PICK);
    control(ui, "verify-keys", ZH_T_VERIFY_KEYS, ZH_T_VERIFY_KEYS_NOTE);
    zh_html_close(h);
    zh_part_section_close(ui);
}

static zh_rc show(zh_ui *ui)
{
    zh_ui_head(ui, &(zh_ui_head_of){.nav = ZH_T_NAV_VERIFY,
                                    .title = zh_ui_text(ui, ZH_T_VERIFY_TITLE),
                                    .lede = zh_ui_text(ui, ZH_T_VERIFY_LEDE),
                                    .css = ZH_STR("verify.css"),
                                    .script = ZH_STR("verify.js")});
    zh_html *h = &ui->html;
    zh_html_open(h, "div", "cols");
    zh_html_open(h, "div", "w8 stack");
    zh_html_attr_z(h, "data-verify", "");
    zh_html_attr(h, "data-good", zh_ui_text(ui, ZH_T_VERIFY_GOOD));
    zh_html_attr(h, "data-bad", zh_ui_text(ui, ZH_T_VERIFY_BAD));
    zh_html_attr(h, "data-mine", zh_ui_text(ui, ZH_T_VERIFY_MINE));
    zh_html_attr(h, "data-root", zh_ui_text(ui, ZH_T_VERIFY_ROOT));
    given(ui);
    zh_part_section_open(ui, "steps", zh_ui_text(ui, ZH_T_VERIFY_STEPS), false);
    zh_html_open(h, "p", NULL);
    zh_html_attr_z(h, "role", "status");
    zh_html_text(h, zh_ui_text(ui, ZH_T_VERIFY_WAIT));
    zh_html_close(h);
    zh_html_open(h, "ol", NULL);
    zh_html_close(h);
    zh_part_section_close(ui);
    path_section(ui);
    zh_part_section_open(ui, "fields", zh_ui_text(ui, ZH_T_VERIFY_FIELDS), false);
    zh_html_open(h, "dl", "kv");
    zh_html_close(h);
    zh_part_section_close(ui);
    zh_html_close(h);
    beside(ui);
    zh_html_close(h);
    return ZH_OK;
}

static zh_rc handle(const zh_http_request *request, zh_http_response *response, zh_err *err)
{
    return zh_ui_answer(request, response, err, show);
}

ZH_ROUTE(page_verify) = {
    .method = "GET",
    .reach = ZH_REACH_OPEN,
    .path = "/verify",
    .en = "verify proofs and figures in the browser",
    .handle = handle,
};
