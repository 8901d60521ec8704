/** @file Checks that count, and what the tests share. */
#ifndef CHECK_H
#define CHECK_H

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "phygital.h"

static int passed;
static int failed;

#define CHECK(holds)                                                                   \
    do {                                                                               \
        if (holds) {                                                                   \
            passed++;                                                                  \
        } else {                                                                       \
            failed++;                                                                  \
            fprintf(stderr, "%s:%d: not so: %s (last: %s)\n", __FILE__, __LINE__, #holds, \
                    phygital_last_error_message());                                    \
        }                                                                              \
    } while (0)

/** That a call gives a status. */
#define GIVES(status, call) CHECK((call) == (phygital_status)(PHYGITAL_STATUS_##status))
#define FINE(call) GIVES(OK, call)

/** The line that ends a test, and its exit code. */
static inline int ended(const char *name)
{
    printf("%s: %d passed, %d failed\n", name, passed, failed);
    return failed == 0 ? 0 : 1;
}

#define S phygital_str_of

/** The tag of the story, its key, and its shop. Yours come from your key ring. */
#define UID "04a1b2c3d4e5f6"
#define KEY "5ace7e50ab65d5d51fd5bf5a16b8205b"
#define KEYS "{\"file_read_key\": \"" KEY "\", \"meta_read_key\": \"" KEY "\"}"
#define SETTINGS                                                                       \
    "{\"brand\": \"Wren & Co\", \"notice\": {\"id\": \"tap-sms-1\","                   \
    " \"text\": \"Text us the code to be known here. Reply STOP to leave.\","          \
    " \"sender\": \"+12015550101\","                                                   \
    " \"purposes\": [\"recognition\", \"personalization\", \"measurement\"]}}"
#define EXPERIMENT                                                                     \
    "{\"seed\": \"winback-2026\", \"arms\": [{\"arm\": \"hold\", \"weight\": 0.3}," \
    " {\"arm\": \"send\", \"weight\": 0.7}]}"
#define NOON INT64_C(1795262400000000)
#define HOUR INT64_C(3600000000)
#define TOPIC                                                                          \
    "{\"version\": 1, \"id\": \"fit\", \"languages\": [\"en\"], \"purpose\": \"marketing\"," \
    " \"days\": 3, \"start\": \"size\", \"steps\": {\"size\": {\"ask\": {\"en\":"       \
    " \"{{ brand }}: which shoe size?\"}, \"attribute\": \"size.shoes\","            \
    " \"answer\": {\"type\": \"number\", \"min\": 30, \"max\": 50}, \"then\": \"thanks\"}," \
    " \"thanks\": {\"say\": {\"en\": \"Thank you.\"}, \"then\": \"end\"}}}"

/** A store in the folder, with a clock and randomness of its own. */
static inline phygital_store *open_store(const char *folder, const char *name)
{
    char path[1024];
    phygital_options options = phygital_options_init();
    phygital_store *store = NULL;
    phygital_str topic = S(TOPIC);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    options.path = S(path);
    options.settings = S(SETTINGS);
    options.keys = S(KEYS);
    options.seed = phygital_bytes_of("story");
    options.topics = &topic;
    options.topics_len = 1;
    options.clock = NOON;
    FINE(phygital_open(&options, &store));
    CHECK(store != NULL);
    return store;
}

/** The link of the tag's next read. Free it. */
static inline phygital_text link_of(uint32_t read_ctr)
{
    phygital_text url = {NULL, 0};
    phygital_soft_tag tag = phygital_soft_tag_init();
    tag.uid = S(UID);
    tag.url_template = S("tap.example/t?p={picc}&c={mac}");
    tag.file_read_key = S(KEY);
    tag.meta_read_key = S(KEY);
    tag.read_ctr = read_ctr;
    FINE(phygital_simulate_tap(&tag, &url));
    return url;
}

static inline phygital_tap_request request_of(const char *url)
{
    phygital_tap_request request = phygital_tap_request_init();
    request.presented.kind = PHYGITAL_PRESENTED_KIND_URL;
    request.presented.data = phygital_bytes_of(url);
    return request;
}

#endif
