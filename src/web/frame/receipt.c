/* Answers that wait until the entry of a write is sealed, as "Prefer: wait" asks; see receipt.h. */
#include "web/frame/receipt.h"
#include "core/ledger/receipt.h"

/* Milliseconds the request is ready to wait; 0: it does not ask for it. */
static unsigned wait_ms(const zh_http_request *request)
{
    zh_str rest = request->prefer;
    zh_str piece;
    while (rest.p != NULL && zh_str_split(&rest, ',', &piece)) {
        zh_str name;
        uint64_t seconds = ZH_WAIT_SECONDS_DEFAULT;
        (void)zh_str_split(&piece, ';', &name); /* parameters of the preference mean nothing here */
        piece = name;
        (void)zh_str_split(&piece, '=', &name);
        if (!zh_str_is(zh_str_trim(name), "wait")) {
            continue;
        }
        if (piece.p != NULL && zh_str_u64(zh_str_trim(piece), &seconds) != ZH_OK) {
            return 0; /* RFC 7240: what is not understood is ignored */
        }
        uint64_t most = ZH_RECEIPT_WAIT_MS_MAX / 1000;
        return (unsigned)(seconds < most ? seconds : most) * 1000;
    }
    return 0;
}

bool zh_receipt_wanted(const zh_http_request *request)
{
    return wait_ms(request) > 0;
}

zh_rc zh_receipt_put(zh_ui *ui, const zh_register *reg, const zh_applied *at, zh_place place,
                     zh_jw *w)
{
    zh_receipt receipt;
    unsigned ms = wait_ms(ui->request);
    if (ms == 0) {
        return ZH_OK;
    }
    zh_ui_let_go(ui);
    zh_rc rc = zh_receipt_wait(&ui->ctx, reg, at, place, ms, &receipt);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_jw_key(w, "position");
    if (receipt.position >= 0) {
        zh_jw_i64(w, receipt.position);
    } else {
        zh_jw_null(w);
    }
    zh_jw_key(w, "sealed");
    zh_jw_bool(w, receipt.sealed);
    zh_jw_key(w, "checkpoint");
    if (receipt.sealed) {
        zh_jw_str(w, receipt.note);
        zh_http_header_add(ui->response, "Preference-Applied", "wait");
    } else {
        zh_jw_null(w);
    }
    return ZH_OK;
}
