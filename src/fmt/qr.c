/* QR code by libqrencode. */
#include "fmt/qr.h"
#include <errno.h>
#include <qrencode.h>
#include <string.h>

zh_rc zh_qr_encode(zh_arena *arena, zh_str text, zh_qr *out, zh_err *err)
{
    if (text.n == 0) {
        return zh_err_set(err, ZH_EINVAL, "qr.empty", "二维码没有内容");
    }
    if (text.n > ZH_QR_TEXT_MAX) {
        return zh_err_set(err, ZH_ELIMIT, "qr.size", "二维码的内容超过 %zu 字节", ZH_QR_TEXT_MAX);
    }
    unsigned char bytes[ZH_QR_TEXT_MAX];
    memcpy(bytes, text.p, text.n);
    QRcode *code = QRcode_encodeData((int)text.n, bytes, 0, QR_ECLEVEL_M);
    if (code == NULL) {
        return zh_err_set(err, errno == ENOMEM ? ZH_ENOMEM : ZH_EINVAL, "qr.encode",
                          "不能编成二维码");
    }
    size_t side = (size_t)code->width;
    uint8_t *dark = ZH_NEW_N(arena, uint8_t, side * side);
    for (size_t i = 0; i < side * side; i++) {
        dark[i] = code->data[i] & 1;
    }
    QRcode_free(code);
    *out = (zh_qr){side, dark};
    return ZH_OK;
}

/* Runs of dark modules of a row, each one ring of a single polygon. */
zh_rc zh_qr_draw(zh_arena *arena, zh_str text, double width, zh_str title, const zh_draw **out,
                 zh_err *err)
{
    zh_qr qr;
    zh_rc rc = zh_qr_encode(arena, text, &qr, err);
    if (rc != ZH_OK) {
        return rc;
    }
    zh_draw *d = zh_draw_new(arena, width, width, title);
    double unit = width / (double)(qr.side + 2 * ZH_QR_QUIET);
    zh_point *points = ZH_NEW_N(arena, zh_point, 2 * qr.side * (qr.side + 1));
    size_t *ends = ZH_NEW_N(arena, size_t, qr.side * (qr.side + 1) / 2 + 1);
    size_t n = 0;
    size_t rings = 0;
    for (size_t y = 0; y < qr.side; y++) {
        for (size_t x = 0; x < qr.side;) {
            size_t from = x;
            while (x < qr.side && qr.dark[y * qr.side + x] != 0) {
                x++;
            }
            if (x > from) {
                double left = unit * (double)(ZH_QR_QUIET + from);
                double right = unit * (double)(ZH_QR_QUIET + x);
                double top = unit * (double)(ZH_QR_QUIET + y);
                points[n++] = (zh_point){left, top};
                points[n++] = (zh_point){right, top};
                points[n++] = (zh_point){right, top + unit};
                points[n++] = (zh_point){left, top + unit};
                ends[rings++] = n;
            } else {
                x++;
            }
        }
    }
    zh_draw_rect(d, 0, 0, width, width, (zh_paint){.fill = ZH_ROLE_PAPER});
    zh_draw_polygon(d, points, ends, rings, (zh_paint){.fill = ZH_ROLE_INK});
    *out = d;
    return zh_draw_check(d, err);
}
