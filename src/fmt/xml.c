/* XML events from libxml2's pull reader, with the input watched on its way in. */
#include "fmt/xml.h"
#include "fmt/cell.h"
#include <libxml/xmlreader.h>
#include <string.h>

struct zh_xml {
    xmlTextReaderPtr reader;
    zh_read_fn read;
    void *user;
    const char *document;
    zh_err *err;    /* of the call in progress */
    zh_rc input_rc; /* what reading or watching the input ended with */
    size_t run;     /* bytes since the last '<' */
    bool in_prolog; /* the root element has not begun */
    char tail[5];   /* the last bytes of the input so far, for a match across two reads */
    size_t tail_n;
    bool pending_end; /* <a/> was reported as started */
    int open;         /* elements that have not ended */
    int problem;      /* libxml2's error code */
    int problem_line;
    char problem_text[200];
};

static zh_rc refuse_doctype(zh_xml *x)
{
    zh_rc rc =
        zh_err_set(x->err, ZH_EINVAL, "xml.doctype", "%s 含有 DOCTYPE 声明，不予读取", x->document);
    zh_err_fix(x->err, "用制表软件打开后重新另存");
    return rc;
}

/* Whether the prolog holds "<!D" in UTF-8 or UTF-16, also across the border of two reads. */
static bool begins_doctype(zh_xml *x, const char *bytes, size_t n)
{
    static const struct {
        const char *p;
        size_t n;
    } marks[] = {{"<!D", 3}, {"<\0!\0D", 5}};
    char border[10];
    size_t fresh = n < sizeof x->tail ? n : sizeof x->tail;
    memcpy(border, x->tail, x->tail_n);
    memcpy(border + x->tail_n, bytes, fresh);
    size_t border_n = x->tail_n + fresh;
    for (size_t i = 0; i < ZH_COUNTOF(marks); i++) {
        if (memmem(border, border_n, marks[i].p, marks[i].n) != NULL ||
            memmem(bytes, n, marks[i].p, marks[i].n) != NULL) {
            return true;
        }
    }
    x->tail_n = border_n < sizeof x->tail ? border_n : sizeof x->tail;
    if (n >= sizeof x->tail) {
        memcpy(x->tail, bytes + n - sizeof x->tail, sizeof x->tail);
    } else {
        memcpy(x->tail, border + border_n - x->tail_n, x->tail_n);
    }
    return false;
}

static zh_rc watch(zh_xml *x, const char *bytes, size_t n)
{
    if (x->in_prolog && begins_doctype(x, bytes, n)) {
        return refuse_doctype(x);
    }
    const char *last = memrchr(bytes, '<', n);
    x->run = last == NULL ? x->run + n : (size_t)(bytes + n - last);
    if (x->run > ZH_XML_RUN_MAX) {
        return zh_err_set(x->err, ZH_ELIMIT, "xml.run", "%s 中有超过 %zu MiB 的单个文本或标记",
                          x->document, ZH_XML_RUN_MAX >> 20);
    }
    return ZH_OK;
}

static int input(void *context, char *buffer, int size)
{
    zh_xml *x = context;
    if (x->input_rc != ZH_OK || size <= 0) {
        return -1;
    }
    size_t got = 0;
    x->input_rc = x->read(x->user, buffer, (size_t)size, &got, x->err);
    if (x->input_rc == ZH_OK) {
        x->input_rc = watch(x, buffer, got);
    }
    return x->input_rc == ZH_OK ? (int)got : -1;
}

/* Keeps the first complaint; libxml2 would print it otherwise. */
static void complain(void *context, xmlErrorPtr error)
{
    zh_xml *x = context;
    if (x->problem != 0 || error == NULL || error->level < XML_ERR_ERROR) {
        return;
    }
    x->problem = error->code;
    x->problem_line = error->line;
    const char *text = error->message != NULL ? error->message : "";
    zh_str line = zh_cell_clip((zh_str){text, strcspn(text, "\n")}, sizeof x->problem_text - 1);
    memcpy(x->problem_text, line.p, line.n);
    x->problem_text[line.n] = '\0';
}

zh_rc zh_xml_new(zh_read_fn read, void *user, const char *document, zh_xml **out, zh_err *err)
{
    xmlInitParser();
    zh_xml *x = zh_alloc(sizeof *x);
    *x = (zh_xml){.read = read, .user = user, .document = document, .in_prolog = true};
    x->err = err;
    x->reader = xmlReaderForIO(input, NULL, x, NULL, NULL, XML_PARSE_NONET);
    if (x->reader == NULL) {
        zh_rc rc = x->input_rc;
        zh_dealloc(x);
        return rc != ZH_OK ? rc : zh_err_set(err, ZH_ENOMEM, "xml.memory", "内存不足");
    }
    xmlTextReaderSetStructuredErrorHandler(x->reader, complain, x);
    *out = x;
    return ZH_OK;
}

void zh_xml_free(zh_xml *x)
{
    if (x != NULL) {
        xmlFreeTextReader(x->reader);
        zh_dealloc(x);
    }
}

static zh_rc failed(zh_xml *x)
{
    if (x->input_rc != ZH_OK) {
        return x->input_rc;
    }
    zh_rc rc = x->problem == XML_ERR_NO_MEMORY || x->problem == XML_ERR_NAME_TOO_LONG
                   ? zh_err_set(x->err, ZH_ELIMIT, "xml.limit", "%s 过大：%s", x->document,
                                x->problem_text)
                   : zh_err_set(x->err, ZH_EINVAL, "xml.syntax", "%s 第 %d 行起不是完好的 XML：%s",
                                x->document, x->problem_line, x->problem_text);
    zh_err_fix(x->err, "文件可能损坏，请重新导出或另存");
    return rc;
}

static zh_rc start(zh_xml *x, zh_xml_event *out)
{
    x->in_prolog = false;
    if (xmlTextReaderDepth(x->reader) >= ZH_XML_DEPTH_MAX) {
        return zh_err_set(x->err, ZH_ELIMIT, "xml.depth", "%s 嵌套超过 %d 层", x->document,
                          ZH_XML_DEPTH_MAX);
    }
    x->open++;
    x->pending_end = xmlTextReaderIsEmptyElement(x->reader) == 1;
    *out = ZH_XML_START;
    return ZH_OK;
}

static zh_rc end(zh_xml *x, zh_xml_event *out)
{
    x->pending_end = false;
    x->open--;
    *out = ZH_XML_END;
    return ZH_OK;
}

zh_rc zh_xml_next(zh_xml *x, zh_xml_event *out, zh_err *err)
{
    x->err = err;
    if (x->pending_end) {
        return end(x, out);
    }
    for (;;) {
        int rc = xmlTextReaderRead(x->reader);
        if (rc < 0 || x->input_rc != ZH_OK || (rc == 0 && x->open > 0)) {
            return failed(x);
        }
        if (rc == 0) {
            *out = ZH_XML_EOF;
            return ZH_OK;
        }
        switch (xmlTextReaderNodeType(x->reader)) {
        case XML_READER_TYPE_ELEMENT: return start(x, out);
        case XML_READER_TYPE_END_ELEMENT: return end(x, out);
        case XML_READER_TYPE_TEXT:
        case XML_READER_TYPE_CDATA:
        case XML_READER_TYPE_WHITESPACE:
        case XML_READER_TYPE_SIGNIFICANT_WHITESPACE: *out = ZH_XML_TEXT; return ZH_OK;
        case XML_READER_TYPE_DOCUMENT_TYPE:
        case XML_READER_TYPE_ENTITY_REFERENCE: return refuse_doctype(x);
        default: break;
        }
    }
}

static zh_str borrow(const xmlChar *text)
{
    return zh_str_of((const char *)text);
}

bool zh_xml_is(const zh_xml *x, const char *name)
{
    const xmlChar *own = xmlTextReaderConstLocalName(x->reader);
    return own != NULL && strcmp((const char *)own, name) == 0;
}

zh_str zh_xml_text(const zh_xml *x)
{
    return borrow(xmlTextReaderConstValue(x->reader));
}

int zh_xml_depth(const zh_xml *x)
{
    return xmlTextReaderDepth(x->reader);
}

zh_str zh_xml_attr(zh_xml *x, const char *name)
{
    zh_str value = ZH_STR_NONE;
    for (int rc = xmlTextReaderMoveToFirstAttribute(x->reader); rc == 1;
         rc = xmlTextReaderMoveToNextAttribute(x->reader)) {
        const xmlChar *own = xmlTextReaderConstLocalName(x->reader);
        bool declares = xmlTextReaderIsNamespaceDecl(x->reader) == 1;
        if (!declares && own != NULL && strcmp((const char *)own, name) == 0) {
            value = borrow(xmlTextReaderConstValue(x->reader));
            if (value.p == NULL) {
                value.p = "";
            }
            break;
        }
    }
    (void)xmlTextReaderMoveToElement(x->reader);
    return value;
}
