#include "cre2.h"

#include <re2/re2.h>

#include <cstring>
#include <new>
#include <vector>

struct cre2_pattern {
    RE2 regex;
    cre2_pattern(const re2::StringPiece &text, const RE2::Options &options)
        : regex(text, options) {}
};

extern "C" cre2_pattern *cre2_compile(
    const char *text, size_t length, int64_t max_memory, char *error, size_t error_size) {
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(max_memory);
    auto *pattern = new (std::nothrow) cre2_pattern(re2::StringPiece(text, length), options);
    if (pattern == nullptr) return nullptr;
    if (pattern->regex.ok()) return pattern;
    if (error_size > 0) {
        std::strncpy(error, pattern->regex.error().c_str(), error_size - 1);
        error[error_size - 1] = 0;
    }
    delete pattern;
    return nullptr;
}

extern "C" void cre2_free(cre2_pattern *pattern) { delete pattern; }

extern "C" int cre2_groups(const cre2_pattern *pattern) {
    return pattern->regex.NumberOfCapturingGroups();
}

extern "C" int cre2_size(const cre2_pattern *pattern) { return pattern->regex.ProgramSize(); }

extern "C" bool cre2_match(
    const cre2_pattern *pattern, const char *text, size_t length, size_t start, int64_t *places,
    int count) {
    re2::StringPiece found[17];
    if (count > 17) count = 17;
    // An empty text may come without an address, which would look like a group that took no part.
    if (text == nullptr) text = "";
    re2::StringPiece subject(text, length);
    if (!pattern->regex.Match(subject, start, length, RE2::UNANCHORED, found, count)) return false;
    for (int i = 0; i < count; i++) {
        bool took_part = found[i].data() != nullptr;
        places[2 * i] = took_part ? found[i].data() - text : -1;
        places[2 * i + 1] = took_part ? places[2 * i] + (int64_t)found[i].size() : -1;
    }
    return true;
}

extern "C" int64_t cre2_find(
    const void *text, size_t length, const void *part, size_t part_length) {
    if (part_length == 0) return 0;
    const void *found = text == nullptr ? nullptr : memmem(text, length, part, part_length);
    return found == nullptr ? -1 : (const char *)found - (const char *)text;
}
