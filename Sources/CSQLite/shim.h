#include <sqlite3.h>

/* Takes no count of memory: counting puts a lock around each allocation. Varies in its arguments,
   so that Swift cannot call it itself. Only before the first connection. */
static inline int longshore_sqlite_uncounted(void) {
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}
