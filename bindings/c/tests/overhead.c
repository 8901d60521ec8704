/**
 * @file What a call costs: nanoseconds, the best of many batches, beside those of `cargo run --release -p phygital-ffi
 * --example overhead`. `overhead FOLDER`
 */
#include "check.h"

#include <sys/resource.h>
#include <time.h>

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec * 1e9 + (double)at.tv_nsec;
}

/** Times a call: the best of 15 batches. */
#define TIMED(name, batch, call)                                \
    do {                                                        \
        double best = 1e18;                                     \
        int round;                                              \
        for (round = 0; round < 15; round++) {                  \
            int at;                                             \
            double began = now();                               \
            for (at = 0; at < (batch); at++) {                  \
                call;                                           \
            }                                                   \
            began = (now() - began) / (batch);                  \
            best = began < best ? began : best;                 \
        }                                                       \
        printf("%-28s %10.1f ns\n", name, best);                \
    } while (0)

/** The most memory that the process ever held, in KiB. */
static long most_memory(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

int main(int count, char **arguments)
{
    phygital_store *store;
    phygital_verifier *verifier = NULL;
    phygital_text url = link_of(41);
    phygital_text json = {NULL, 0};
    phygital_tap_proof proof = phygital_tap_proof_init();
    phygital_decision decision = phygital_decision_init();
    phygital_presented presented = request_of(url.data).presented;
    phygital_receipt receipt = phygital_receipt_init();
    char customer[40];
    double began = now();
    volatile uint32_t sink = 0;
    long before;
    int at;
    if (count != 2) {
        return 2;
    }
    store = open_store(arguments[1], "overhead.db");
    FINE(phygital_permits(store, PHYGITAL_PURPOSE_SERVICE, S("phone:+12015550123"), &decision));
    printf("%-28s %10.1f ms\n", "open to first answer", (now() - began) / 1e6);
    FINE(phygital_record(store,
                         S("{\"specversion\": \"1.0\", \"id\": \"e-1\", \"source\": \"//till/1\","
                           " \"type\": \"com.phygital.opted_in\", \"time\": \"2026-11-21T11:00:00Z\", \"data\":"
                           " {\"properties\": {\"contact\": \"phone:+12015550123\", \"purposes\": [\"personalization\"],"
                           " \"method\": \"till\"}}}"),
                         &receipt));
    FINE(phygital_find(store, S("phone:+12015550123"), customer));
    FINE(phygital_verifier_new(S(KEYS), &verifier));

    TIMED("empty call", 1000000, sink += phygital_abi_version());
    TIMED("verify", 20000, phygital_verifier_verify(verifier, &presented, NOON, &proof));
    TIMED("card", 200, {
        phygital_card(store, S(customer), PHYGITAL_ROLE_ASSOCIATE, &json);
        phygital_text_free(&json);
    });

    before = most_memory();
    for (at = 0; at < 1000000; at++) {
        phygital_verifier_verify(verifier, &presented, NOON, &proof);
    }
    for (at = 0; at < 20000; at++) {
        phygital_card(store, S(customer), PHYGITAL_ROLE_ASSOCIATE, &json);
        phygital_text_free(&json);
    }
    printf("%-28s %10ld KiB\n", "more memory after a million", most_memory() - before);
    FINE(phygital_text_free(&url));
    FINE(phygital_verifier_free(verifier));
    FINE(phygital_store_free(store));
    return failed != 0 || sink == 0;
}
