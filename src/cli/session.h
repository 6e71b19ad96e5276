/* A verb's access to the data: the opened core, one reader's context, one snapshot; and the names
 * people give on the command line, resolved against the model. */
#ifndef ZH_CLI_SESSION_H
#define ZH_CLI_SESSION_H

#include "cli/verb.h"
#include "core/read/read.h"

typedef struct zh_session {
    zh_cli *cli;
    zh_core *core;
    zh_ctx ctx;    /* the local operator; arena and err are the call's */
    zh_conn *conn; /* reader inside one snapshot, after zh_session_read */
    int64_t as_of; /* ZH_AS_OF_NOW or a log size */
    bool samples;  /* zh_serve: the sample posts of the demonstration, on loopback */
} zh_session;

/* Opens the core as --data, --db, --office and --packs say; a failure is one of the environment.
 * Always end with zh_session_close. */
zh_rc zh_session_open(zh_cli *cli, zh_session *out) ZH_MUST;
/* Before a verb writes: a data directory that was copied is refused as a usage error, because what
 * it accepts could not be sealed. */
zh_rc zh_session_may_write(zh_session *session) ZH_MUST;
/* Takes a reader and its snapshot, and resolves --as-of where the verb has it. */
zh_rc zh_session_read(zh_session *session) ZH_MUST;
void zh_session_close(zh_session *session);

/* A register by id; an unknown one is a usage error that names the nearest. */
zh_rc zh_session_register(zh_session *session, zh_str id, const zh_register **out) ZH_MUST;
/* A field by (dotted) id or by its Chinese label. */
zh_rc zh_session_field(zh_session *session, const zh_register *reg, zh_str id,
                       const zh_field **out) ZH_MUST;
/* An expression over records of a register; NULL text gives NULL. */
zh_rc zh_session_where(zh_session *session, const zh_register *reg, const char *text,
                       const zh_program **out) ZH_MUST;
/* The code of a region given by code, name, alias or pinyin initials; NULL or empty text gives an
 * empty code. */
zh_rc zh_session_region(zh_session *session, const char *text, zh_str *code) ZH_MUST;

/* A value as it is shown to people: codes by their label, references by their business key. */
zh_str zh_session_show(zh_session *session, const zh_field *field, const zh_value *value);
/* The business key of a record, its parts joined by '/'; its id when there is none. */
zh_str zh_session_key(zh_session *session, const zh_record *record);
/* The business key of the record a reference points to; empty when it cannot be read. */
zh_str zh_session_ref_key(zh_session *session, const zh_field *field, const zh_value *ref);

/* A verb that only answers: opens the session, lets `answer` write, prints that or the error,
 * closes. Gives the exit code. */
int zh_session_answer(zh_cli *cli, zh_rc (*answer)(zh_session *session, zh_buf *out));

/* A verb that acts: what it wrote is printed also when it fails, and it may give another exit code
 * (an answer of no). */
typedef zh_rc (*zh_session_action)(zh_session *session, zh_buf *out, int *code);
int zh_session_act(zh_cli *cli, zh_session_action act);

#endif
