/* Versions of SQLite and libpq as loaded. */
#include "store/library.h"
#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdio.h>

void zh_store_libraries(zh_library out[ZH_STORE_LIBRARIES])
{
    int pq = PQlibVersion(); /* 150013 is 15.13 */
    out[0] = (zh_library){.name = "SQLite", .licence = "public domain"};
    (void)snprintf(out[0].version, sizeof out[0].version, "%s", sqlite3_libversion());
    out[1] = (zh_library){.name = "libpq", .licence = "PostgreSQL"};
    (void)snprintf(out[1].version, sizeof out[1].version, "%d.%d", pq / 10000, pq % 10000);
}
