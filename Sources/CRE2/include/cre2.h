// Looking for patterns and for bytes in linear time and bounded memory: a C door to RE2 and memmem.
#ifndef CRE2_H
#define CRE2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cre2_pattern cre2_pattern;

// Returns NULL with the reason in `error` (cut to `error_size`, ended by 0) when it is no pattern.
cre2_pattern *cre2_compile(
    const char *text, size_t length, int64_t max_memory, char *error, size_t error_size);
void cre2_free(cre2_pattern *pattern);

// How many groups the pattern captures.
int cre2_groups(const cre2_pattern *pattern);
// About how big the compiled pattern is.
int cre2_size(const cre2_pattern *pattern);

// Finds the first match at or after `start`. `places` gets begin and end of the match and of each
// group, -1 where a group took no part; it holds 2 * count numbers, count being groups + 1 at most.
bool cre2_match(
    const cre2_pattern *pattern, const char *text, size_t length, size_t start, int64_t *places,
    int count);

// The first place of `part` in `text`, in linear time; -1 where it is not.
int64_t cre2_find(const void *text, size_t length, const void *part, size_t part_length);

#ifdef __cplusplus
}
#endif

#endif
