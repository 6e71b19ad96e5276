/* Write-ahead file of a log: batches of 56-byte entries with their positions, made durable by one
 * fdatasync before anything is done with them.
 *
 * Bytes: "zhwal1\0\0", u64 base (position of the first entry), CRC-32C of these 16 bytes; then
 * records: u32 length of the payload, payload (u64 office, u64 batch, u64 position, u64 until, u32
 * n, n entries), CRC-32C of the payload. Integers are big-endian. A record that is cut or has
 * another CRC is what a crash left of the last write: it and all behind it never was.
 *
 * One process at a time appends (the caller holds the log's lock). No SQL, no tree. */
#ifndef ZH_CORE_LEDGER_WAL_H
#define ZH_CORE_LEDGER_WAL_H

#include "base/err.h"
#include "proof/record.h"

#define ZH_WAL_BYTES_MAX   ((size_t)64 << 20) /* of a file that is read; rotated long before */
#define ZH_WAL_BATCH_MAX   4096u              /* entries of one batch */
#define ZH_WAL_HEAD_BYTES  20u
#define ZH_WAL_FRAME_BYTES 44u /* of a record besides its entries */

typedef struct zh_wal_batch {
    int64_t office, batch;
    uint64_t pos;
    int64_t until;
    uint32_t n;
    const uint8_t *entries; /* n × ZH_RECORD_ENTRY_BYTES, borrowed */
} zh_wal_batch;

typedef zh_rc (*zh_wal_each)(void *user, const zh_wal_batch *batch, zh_err *err);

typedef struct zh_wal {
    const char *path; /* borrowed */
    int fd;
    bool relaxed; /* no fdatasync: tests and throw-away data */
    uint64_t base, end;
    uint64_t bytes, inode;
    uint32_t crc[4][256];
} zh_wal;

/* Writes an empty file for a log of `base` entries under a temporary name, syncs, renames. */
zh_rc zh_wal_create(const char *path, uint64_t base, zh_err *err) ZH_MUST;
/* Opens, gives every whole record to `each` in order, cuts off a torn tail (*torn bytes, may be
 * NULL). ZH_ENOTFOUND; ZH_ECORRUPT: not such a file, or positions with a hole. Close with
 * zh_wal_close, also after an error. */
zh_rc zh_wal_open(zh_wal *wal, const char *path, bool relaxed, zh_wal_each each, void *user,
                  uint64_t *torn, zh_err *err) ZH_MUST;
/* Gives to `each` what another process has appended since. ZH_ECONFLICT (nothing recorded in err):
 * there is another file now, everything has to be opened again. */
zh_rc zh_wal_more(zh_wal *wal, zh_wal_each each, void *user, zh_err *err) ZH_MUST;
/* Appends batches that follow each other from wal->end, with one write and one fdatasync. On an
 * error nothing was appended. ZH_ELIMIT: a batch above ZH_WAL_BATCH_MAX. */
zh_rc zh_wal_append(zh_wal *wal, const zh_wal_batch *batches, size_t n, zh_err *err) ZH_MUST;
void zh_wal_close(zh_wal *wal);

#endif
