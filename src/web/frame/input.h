/* Typed inputs of declared fields, and what people send in them.
 *
 * Names of a form: f.FIELD; of child rows t.TABLE.n (rows on the form), t.TABLE.ROW.id and
 * t.TABLE.ROW.COLUMN. A button named rows adds empty rows to the table it names. What was sent is
 * shown again as it was sent, with what is wrong below the label. */
#ifndef ZH_WEB_FRAME_INPUT_H
#define ZH_WEB_FRAME_INPUT_H

#include "core/record/record.h"
#include "web/frame/form_part.h"
#include "web/frame/show.h"

#define ZH_INPUT_ROWS_MAX  ((size_t)60)  /* of one table on one form */
#define ZH_INPUT_CELLS_MAX ((size_t)360) /* of one table on one form */
#define ZH_INPUT_ROWS_NEW  ((size_t)3)   /* empty ones offered */
#define ZH_INPUT_LIST_MAX  ((size_t)60)  /* codes in a list; more are searched */
#define ZH_CHOICES_MAX     ((size_t)20)

typedef struct zh_inputs {
    zh_ui *ui;
    zh_show *show;
    const zh_register *reg;
    const zh_record *base; /* shown where nothing was sent; NULL: nothing is shown */
    zh_pairs sent;
    zh_findings *findings; /* written by zh_input_read, shown by the others */
} zh_inputs;

/* Whether a person may fill the field in a form: not computed, numbered or made with the record,
 * not masked for them, and of a size a form can hold. */
bool zh_input_possible(const zh_inputs *in, const zh_field *field);
/* What was sent of a field that is no table; p == NULL: it was not. */
zh_str zh_input_sent(const zh_inputs *in, const zh_field *field);
/* Whether the field was sent, a table too. */
bool zh_input_was_sent(const zh_inputs *in, const zh_field *field);
/* A button of the form asks for more rows and for nothing else. */
bool zh_input_more_rows(const zh_inputs *in);

/* One labelled input; required: marked so. */
void zh_input_field(zh_inputs *in, const zh_field *field, bool required);
/* Why a form was refused, each problem once: those of the fields shown are links to them (they say
 * it there), the others stand here. Nothing when nothing was refused. */
void zh_input_problems(const zh_inputs *in, const zh_err *why, const zh_field *const *fields,
                       size_t n);
/* The options of a code list; chosen: code or label. */
void zh_input_options(zh_ui *ui, const zh_codes *codes, zh_str chosen);
/* The choice of a coded reason, sent as reason_code. */
void zh_input_reasons(zh_ui *ui, const zh_codes *reasons, zh_str chosen);
/* multipart/form-data when one of the fields is a file: an attribute of the form just opened. */
void zh_input_enctype(const zh_inputs *in, const zh_field *const *fields, size_t n);

/* Replaces the files that came with the request by their digests in in->sent. */
zh_rc zh_input_files(zh_inputs *in, const zh_field *const *fields, size_t n, zh_err *err) ZH_MUST;
/* What was sent and differs from the base, into changes (room for n). ZH_EINVAL with
 * every problem in in->findings: text that is no value, a name that several records bear. */
zh_rc zh_input_read(zh_inputs *in, const zh_field *const *fields, size_t n, zh_change *changes,
                    size_t *nchanges, zh_err *err) ZH_MUST;

#endif
