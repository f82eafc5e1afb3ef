// Counts what this thread asks of malloc. Linked into a program it takes malloc's place there.
#ifndef MALLOC_COUNT_H
#define MALLOC_COUNT_H

#include <stddef.h>

long malloc_count(void);
// Bytes in use on the whole heap.
size_t heap_in_use(void);
// Gives what is free back to the system.
void heap_trim(void);

#endif
