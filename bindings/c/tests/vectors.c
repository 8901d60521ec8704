/**
 * @file The vectors that every binding reads: sequences of taps through a store, and a store that the Rust tests wrote.
 *
 * `vectors FOLDER VECTORS FIXTURE`
 */
#include "check.h"
#include "json.h"

enum { TEXT = 512 };

/** The keys of a sequence: one set for each generation. */
static void read_keys(const char *sequence, char *keys, size_t size)
{
    char file[TEXT];
    char meta[TEXT];
    const char *key = json_first(json_field(sequence, "file_read_keys"));
    unsigned epoch = 0;
    size_t used = (size_t)snprintf(keys, size, "[");
    json_text(json_field(sequence, "meta_read_key"), meta, sizeof meta);
    for (; key != NULL; key = json_next(key)) {
        used += (size_t)snprintf(keys + used, size - used, "%s{\"file_read_key\": \"%s\", \"epoch\": %u",
                                 epoch == 0 ? "" : ", ", json_text(key, file, sizeof file), epoch);
        if (meta[0] != '\0') {
            used += (size_t)snprintf(keys + used, size - used, ", \"meta_read_key\": \"%s\"", meta);
        }
        used += (size_t)snprintf(keys + used, size - used, "}");
        epoch++;
    }
    snprintf(keys + used, size - used, "]");
}

static phygital_status judged(const phygital_store *store, const phygital_verifier *verifier, const char *url)
{
    phygital_tap_request request = request_of(url);
    phygital_tap_outcome outcome = phygital_tap_outcome_init();
    phygital_tap_proof proof = phygital_tap_proof_init();
    phygital_text known = {NULL, 0};
    phygital_status status = phygital_verifier_verify(verifier, &request.presented, NOON, &proof);
    if (status == PHYGITAL_STATUS_OK) {
        FINE(phygital_tag(store, S(proof.uid), &known));
        if (strcmp(known.data, "null") == 0) {
            phygital_tag_enrolled tag = phygital_tag_enrolled_init();
            tag.uid = S(proof.uid);
            FINE(phygital_enroll(store, &tag, NULL));
        }
        FINE(phygital_text_free(&known));
    }
    status = phygital_verify_tap(store, &request, &outcome);
    FINE(phygital_tap_outcome_free(&outcome));
    return status;
}

static int sequences(const char *folder, const char *vectors)
{
    char path[1024];
    char *text;
    const char *sequence;
    int steps = 0;
    int at = 0;
    snprintf(path, sizeof path, "%s/taps/replay_sequences.json", vectors);
    text = json_file(path);
    CHECK(text != NULL);
    for (sequence = text == NULL ? NULL : json_first(text); sequence != NULL; sequence = json_next(sequence)) {
        char keys[4 * TEXT];
        phygital_options options = phygital_options_init();
        phygital_store *store = NULL;
        phygital_verifier *verifier = NULL;
        const char *step = json_first(json_field(sequence, "steps"));
        snprintf(path, sizeof path, "%s/sequence-%d.db", folder, at++);
        read_keys(sequence, keys, sizeof keys);
        options.path = S(path);
        options.keys = S(keys);
        options.settings = S("{\"failure_limits\": {\"of_source\": 1000000, \"of_tag\": 1000000}}");
        FINE(phygital_open(&options, &store));
        FINE(phygital_verifier_new(S(keys), &verifier));
        for (; step != NULL; step = json_next(step)) {
            char url[TEXT];
            char expected[TEXT];
            phygital_status status;
            json_text(json_field(step, "url"), url, sizeof url);
            json_text(json_field(step, "expect"), expected, sizeof expected);
            if (url[0] == '\0') {
                continue;
            }
            status = judged(store, verifier, url);
            if (strcmp(expected, "accept") == 0) {
                CHECK(status == PHYGITAL_STATUS_OK);
            } else if (strcmp(expected, "replay") == 0) {
                CHECK(status == PHYGITAL_STATUS_TAP_REPLAYED);
            } else {
                CHECK(strcmp(phygital_last_error_reason(), expected) == 0 && status / 100 == 2);
            }
            steps++;
        }
        FINE(phygital_verifier_free(verifier));
        FINE(phygital_store_free(store));
    }
    free(text);
    return steps;
}

static void written_elsewhere(const char *fixture)
{
    phygital_options options = phygital_options_init();
    phygital_decision decision = phygital_decision_init();
    phygital_text json = {NULL, 0};
    phygital_store *store = NULL;
    options.path = S(fixture);
    options.must_exist = 1;
    FINE(phygital_open(&options, &store));
    FINE(phygital_tag(store, S("04de5f1eacc040"), &json));
    CHECK(strstr(json.data, "\"place\":\"shop-1\"") != NULL);
    FINE(phygital_text_free(&json));
    FINE(phygital_permits(store, PHYGITAL_PURPOSE_SERVICE, S("phone:+33612345678"), &decision));
    CHECK(decision.allowed == 1);
    FINE(phygital_store_free(store));
}

int main(int count, char **arguments)
{
    if (count != 4) {
        return 2;
    }
    CHECK(sequences(arguments[1], arguments[2]) > 20);
    written_elsewhere(arguments[3]);
    return ended("vectors");
}
