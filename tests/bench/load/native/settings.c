/* What answers look like: "key=value" on the command line and in GET /ctl?key=value&... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server.h"

struct settings settings = {
    .ttft_ns = 200 * NS_PER_MS, .itl_ns = 20 * NS_PER_MS, .ntok = 100,
    .pack = 1, .burst = 1, .usage = 1,
};

static const struct { const char *name; u64 *at; } times_ms[] = {
    {"ttft", &settings.ttft_ns}, {"ttft_jitter", &settings.ttft_jitter_ns},
    {"itl", &settings.itl_ns},   {"itl_jitter", &settings.itl_jitter_ns},
};

static const struct { const char *name; u32 *at; } numbers[] = {
    {"ntok", &settings.ntok},   {"pack", &settings.pack},   {"burst", &settings.burst},
    {"sync", &settings.sync},   {"pad", &settings.pad},     {"keep", &settings.keep},
    {"role", &settings.role},   {"usage", &settings.usage}, {"close", &settings.close},
    {"plain", &settings.plain}, {"cut", &settings.cut},     {"crlf", &settings.crlf},
    {"ping", &settings.ping},   {"gzip", &settings.gzip},   {"stall", &settings.stall},
    {"error", &settings.error}, {"event", &settings.event}, {"truncate", &settings.truncate},
    {"status", &settings.status}, {"slots", &settings.slots},
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void set(const char *name, double value)
{
    for (size_t i = 0; i < COUNT(times_ms); i++)
        if (!strcmp(name, times_ms[i].name)) {
            *times_ms[i].at = (u64)(value * NS_PER_MS);
            return;
        }
    for (size_t i = 0; i < COUNT(numbers); i++)
        if (!strcmp(name, numbers[i].name)) {
            *numbers[i].at = (u32)value;
            return;
        }
    fprintf(stderr, "unknown setting %s\n", name);
}

/* Takes "a=1&b=2" apart in place; what is not named keeps its value. */
void settings_set(char *pairs, const char *separators)
{
    char *rest;
    for (char *pair = strtok_r(pairs, separators, &rest); pair;
         pair = strtok_r(NULL, separators, &rest)) {
        char *equals = strchr(pair, '=');
        if (!equals)
            continue;
        *equals = 0;
        set(pair, atof(equals + 1));
    }
    if (settings.pack < 1)
        settings.pack = 1;
    if (settings.burst < 1)
        settings.burst = 1;
    if (settings.burst > 64)
        settings.burst = 64;
    if (settings.slots > SLOTS_MAX)
        settings.slots = SLOTS_MAX;
    if (settings.pad > 2000)
        settings.pad = 2000;
    frame_prepare();
}
