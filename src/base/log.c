/* Log lines: built whole in memory, written by one write(2). */
#include "base/log.h"
#include "base/json.h"
#include "base/time.h"
#include "base/utf8.h"
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum { MESSAGE_MAX = 2048, LINE_MAX_BYTES = 8 * MESSAGE_MAX };

static _Atomic int lowest = ZH_WARN;

void zh_log_level(zh_level level)
{
    atomic_store_explicit(&lowest, (int)level, memory_order_relaxed);
}

static bool is_written(zh_level level)
{
    return (int)level >= atomic_load_explicit(&lowest, memory_order_relaxed);
}

static const char *level_name(zh_level level)
{
    switch (level) {
    case ZH_DEBUG: return "debug";
    case ZH_INFO: return "info";
    case ZH_WARN: return "warn";
    case ZH_ERROR: break;
    }
    return "error";
}

static void begin(zh_jw *w, zh_buf *line, zh_level level, const char *event)
{
    char time[40];
    zh_time_format(zh_now(), time);
    zh_buf_init(line, LINE_MAX_BYTES);
    zh_jw_init(w, line, 0);
    zh_jw_object(w);
    zh_jw_kz(w, "time", time);
    zh_jw_kz(w, "level", level_name(level));
    zh_jw_kz(w, "event", event);
}

static void end(zh_jw *w, zh_buf *line)
{
    zh_jw_object_end(w);
    zh_buf_c(line, '\n');
    if (!line->failed) {
        /* A log that cannot be written has nowhere to complain. */
        ssize_t ignored = write(STDERR_FILENO, line->p, line->n);
        (void)ignored;
    }
    zh_buf_free(line);
}

/* Text of unknown origin. A message that filled its buffer may end inside a character; any other
 * byte that is not of UTF-8 gives all foreign bytes away as question marks. */
static void put_text(zh_jw *w, const char *name, char *text)
{
    zh_str s = zh_str_of(text);
    size_t cut_max = s.n == MESSAGE_MAX - 1 ? 3 : 0;
    for (size_t cut = 0; cut <= cut_max; cut++) {
        zh_str shorter = zh_str_sub(s, 0, s.n - cut);
        if (zh_utf8_valid(shorter)) {
            zh_jw_kv(w, name, shorter);
            return;
        }
    }
    for (size_t i = 0; i < s.n; i++) {
        text[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
    }
    zh_jw_kv(w, name, s);
}

void zh_log(zh_level level, const char *event, const char *format, ...)
{
    if (!is_written(level)) {
        return;
    }
    char message[MESSAGE_MAX];
    va_list arguments;
    va_start(arguments, format);
    if (vsnprintf(message, sizeof message, format, arguments) < 0) {
        message[0] = '\0';
    }
    va_end(arguments);
    zh_jw w;
    zh_buf line;
    begin(&w, &line, level, event);
    put_text(&w, "message", message);
    end(&w, &line);
}

void zh_log_err(zh_level level, const char *event, const zh_err *err)
{
    if (!is_written(level)) {
        return;
    }
    zh_err copy = *err;
    zh_jw w;
    zh_buf line;
    begin(&w, &line, level, event);
    zh_jw_ki(&w, "rc", copy.rc);
    put_text(&w, "rule", copy.rule);
    put_text(&w, "message", copy.message);
    if (copy.where[0] != '\0') {
        put_text(&w, "where", copy.where);
    }
    end(&w, &line);
}
