/* Many clients that submit single records over HTTP, each waiting for its answer before the next.
 *
 *   submit PORT CLIENTS SECONDS FILE SKIP json|form accepted|sealed
 *
 * FILE is clean.csv of p1_data; rows from SKIP on are sent, each once. Prints one line: answers,
 * answers a second, median, 99th percentile and the longest time in ms, refusals, rows used. Ends
 * with 1 when anything but 201 came back or, asked to be sealed, an answer without a checkpoint. */
#include "base/base.h"
#include "base/csv.h"
#include "base/json.h"
#include "base/os.h"
#include "base/time.h"
#include "net/form.h"
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CLIENTS_MAX = 1024, ANSWER_MAX = 16384, ROW_MAX = 8192, FIELDS = 20, TIMES_MAX = 4000000 };

static const char *const names[FIELDS] = {
    "report_no", "task_no",     "basis_kind", "class",       "product", "gtin",       "spec",
    "batch",     "sampled_org", "producer",   "place",       "link",    "sampled_at", "tested_at",
    "lab",       "item",        "value",      "limit_value", "verdict", "remark"};

typedef struct client {
    int fd;
    uint64_t asked_us;
    char answer[ANSWER_MAX];
    size_t n;
} client;

typedef struct bench {
    FILE *rows;
    bool form, sealed;
    unsigned port;
    uint64_t used, failed, n;
    uint32_t *times;
    zh_arena *arena;
} bench;

static void stop(const char *what)
{
    perror(what);
    exit(2);
}

/* The next row as a request; false at the end of the file. The file has no quoted line breaks. */
static bool next_request(bench *b, zh_buf *out)
{
    char line[ROW_MAX];
    zh_buf body;
    if (fgets(line, sizeof line, b->rows) == NULL) {
        return false;
    }
    b->used++;
    zh_arena_reset(b->arena);
    zh_buf_init(&body, ROW_MAX * 4);
    zh_str rest = zh_str_trim(zh_str_of(line));
    zh_jw w;
    zh_jw_init(&w, &body, 0);
    if (!b->form) {
        zh_jw_object(&w);
        zh_jw_key(&w, "fields");
        zh_jw_object(&w);
    }
    for (size_t i = 0; i < FIELDS && rest.p != NULL; i++) {
        zh_str cell;
        (void)zh_str_split(&rest, ',', &cell);
        if (b->form) {
            zh_buf_fmt(&body, "%sf.%s=", i > 0 ? "&" : "", names[i]);
            zh_form_encode(&body, cell);
        } else {
            zh_jw_kv(&w, names[i], cell);
        }
    }
    if (!b->form) {
        zh_jw_object_end(&w);
        zh_jw_object_end(&w);
    }
    zh_buf_fmt(out,
               "POST /api/v1/registers/p1_sample HTTP/1.1\r\nHost: 127.0.0.1:%u\r\nContent-Type: "
               "%s\r\n%sContent-Length: %zu\r\n\r\n",
               b->port, b->form ? "application/x-www-form-urlencoded" : "application/json",
               b->sealed ? "Prefer: wait=10\r\n" : "", body.n);
    zh_buf_add(out, body.p, body.n);
    zh_buf_free(&body);
    return true;
}

static bool ask(bench *b, client *c)
{
    zh_buf request;
    zh_buf_init(&request, ROW_MAX * 5);
    bool more = next_request(b, &request);
    if (more) {
        c->n = 0;
        c->asked_us = zh_monotonic_us();
        if (send(c->fd, request.p, request.n, MSG_NOSIGNAL) != (ssize_t)request.n) {
            stop("send");
        }
    }
    zh_buf_free(&request);
    return more;
}

/* Whether the answer is complete; a bad one is counted and the first shown. */
static bool take(bench *b, client *c)
{
    ssize_t got = recv(c->fd, c->answer + c->n, sizeof c->answer - 1 - c->n, 0);
    if (got <= 0) {
        stop("recv");
    }
    c->n += (size_t)got;
    c->answer[c->n] = '\0';
    const char *head = strstr(c->answer, "\r\n\r\n");
    const char *length = strcasestr(c->answer, "\r\nContent-Length: ");
    if (head == NULL || length == NULL) {
        return false;
    }
    size_t body = strtoul(length + 18, NULL, 10);
    if (c->n < (size_t)(head + 4 - c->answer) + body) {
        return false;
    }
    bool good = strncmp(c->answer, "HTTP/1.1 201", 12) == 0 &&
                (!b->sealed || strstr(head, "\"sealed\":true") != NULL);
    if (!good && b->failed++ == 0) {
        fprintf(stderr, "refused: %s\n", c->answer);
    }
    if (b->n < TIMES_MAX) {
        b->times[b->n] = (uint32_t)(zh_monotonic_us() - c->asked_us);
    }
    b->n++;
    return true;
}

static int connect_to(unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0) {
        stop("connect");
    }
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static int order(const void *a, const void *b)
{
    const uint32_t *x = a;
    const uint32_t *y = b;
    return (*x > *y) - (*x < *y);
}

static void report(bench *b, size_t clients, uint64_t took_us)
{
    size_t n = b->n < TIMES_MAX ? b->n : TIMES_MAX;
    if (n == 0) {
        fprintf(stderr, "no answers\n");
        exit(2);
    }
    qsort(b->times, n, sizeof *b->times, order);
    printf("%s %s, %zu clients: n %" PRIu64 ", %.0f/s, median %.1f ms, 99 %% %.1f ms, longest %.1f "
           "ms, refused %" PRIu64 ", rows %" PRIu64 "\n",
           b->form ? "form" : "json", b->sealed ? "sealed" : "accepted", clients, b->n,
           (double)b->n * 1e6 / (double)took_us, b->times[n / 2] / 1e3,
           b->times[n * 99 / 100] / 1e3, b->times[n - 1] / 1e3, b->failed, b->used);
}

static void run(bench *b, size_t n, uint64_t seconds)
{
    struct epoll_event events[64];
    client *clients = zh_alloc(n * sizeof *clients);
    int poll = epoll_create1(EPOLL_CLOEXEC);
    uint64_t begun = zh_monotonic_us();
    uint64_t until = begun + seconds * 1000000u;
    size_t open = 0;
    for (size_t i = 0; i < n; i++) {
        clients[i].fd = connect_to(b->port);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &clients[i]};
        (void)epoll_ctl(poll, EPOLL_CTL_ADD, clients[i].fd, &event);
        open += ask(b, &clients[i]);
    }
    while (open > 0) {
        int ready = epoll_wait(poll, events, ZH_COUNTOF(events), -1);
        for (int i = 0; i < ready; i++) {
            client *c = events[i].data.ptr;
            if (take(b, c) && (zh_monotonic_us() >= until || !ask(b, c))) {
                open--;
                (void)close(c->fd);
            }
        }
    }
    report(b, n, zh_monotonic_us() - begun);
    (void)close(poll);
    zh_dealloc(clients);
}

int main(int argc, char **argv)
{
    char line[ROW_MAX];
    if (argc != 8) {
        fprintf(stderr, "usage: submit PORT CLIENTS SECONDS FILE SKIP json|form accepted|sealed\n");
        return 2;
    }
    size_t clients = strtoul(argv[2], NULL, 10);
    bench b = {.rows = fopen(argv[4], "r"),
               .form = strcmp(argv[6], "form") == 0,
               .sealed = strcmp(argv[7], "sealed") == 0,
               .port = (unsigned)strtoul(argv[1], NULL, 10),
               .times = zh_alloc(TIMES_MAX * sizeof *b.times),
               .arena = zh_arena_new(ZH_ARENA_REQUEST_BYTES)};
    if (b.rows == NULL || clients == 0 || clients > CLIENTS_MAX) {
        stop(argv[4]);
    }
    for (uint64_t skip = strtoull(argv[5], NULL, 10); skip > 0; skip--) {
        if (fgets(line, sizeof line, b.rows) == NULL) {
            stop("the file is too short");
        }
    }
    run(&b, clients, strtoull(argv[3], NULL, 10));
    (void)fclose(b.rows);
    zh_dealloc(b.times);
    zh_arena_free(b.arena);
    return b.failed != 0;
}
