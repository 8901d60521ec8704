/** @file Eight threads and two processes on one file: nothing lost, nothing doubled. */
#include "check.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 8, EVENTS = 10, PROCESSES = 2 };

struct work {
    const phygital_store *store;
    int process;
    int thread;
    int fresh;
    int other;
};

static void *records(void *given)
{
    struct work *work = given;
    int number;
    for (number = 0; number < EVENTS; number++) {
        char event[512];
        phygital_receipt receipt = phygital_receipt_init();
        phygital_status status;
        snprintf(event, sizeof event,
                 "{\"specversion\": \"1.0\", \"id\": \"e-%d\", \"source\": \"//till/%d/%d\","
                 " \"type\": \"com.phygital.visit_started\", \"time\": \"2026-11-21T12:00:00Z\","
                 " \"data\": {\"identifiers\": {\"loyalty\": \"L-%d\"}, \"place\": \"paris-1\"}}",
                 number, work->process, work->thread, number);
        do {
            status = phygital_record(work->store, S(event), &receipt);
        } while (status == PHYGITAL_STATUS_STORAGE_BUSY);
        if (status != PHYGITAL_STATUS_OK) {
            fprintf(stderr, "thread %d: %s\n", work->thread, phygital_last_error_message());
            work->other++;
        } else if (receipt.is_new) {
            work->fresh++;
        }
    }
    return NULL;
}

/** All threads of a process. Gives how many events were new, or -1. */
static int all(const phygital_store *one, const phygital_store *two, int process)
{
    pthread_t threads[THREADS];
    struct work work[THREADS];
    int fresh = 0;
    int at;
    for (at = 0; at < THREADS; at++) {
        work[at].store = at % 2 == 0 ? one : two;
        work[at].process = process;
        work[at].thread = at;
        work[at].fresh = 0;
        work[at].other = 0;
        if (pthread_create(&threads[at], NULL, records, &work[at]) != 0) {
            return -1;
        }
    }
    for (at = 0; at < THREADS; at++) {
        pthread_join(threads[at], NULL);
        fresh = work[at].other > 0 || fresh < 0 ? -1 : fresh + work[at].fresh;
    }
    return fresh;
}

/** What every thread asks of one verifier. */
static void *verifies(void *given)
{
    const phygital_verifier *verifier = given;
    phygital_text url = link_of(7);
    phygital_tap_proof proof = phygital_tap_proof_init();
    phygital_presented presented = request_of(url.data).presented;
    size_t wrong = 0;
    int at;
    for (at = 0; at < 200; at++) {
        wrong += phygital_verifier_verify(verifier, &presented, NOON, &proof) != PHYGITAL_STATUS_OK;
        presented.data.len--;
        wrong += phygital_verifier_verify(verifier, &presented, NOON, &proof) == PHYGITAL_STATUS_OK;
        wrong += strcmp(phygital_last_error_reason(), "bad_length") != 0;
        presented.data.len++;
    }
    phygital_text_free(&url);
    return wrong == 0 ? given : NULL;
}

int main(int count, char **arguments)
{
    pid_t children[PROCESSES];
    phygital_store *one;
    phygital_store *two;
    phygital_verifier *verifier = NULL;
    pthread_t threads[THREADS];
    int at;
    if (count != 2) {
        return 2;
    }
    for (at = 0; at < PROCESSES; at++) {
        children[at] = fork();
        if (children[at] == 0) {
            one = open_store(arguments[1], "threads.db");
            two = open_store(arguments[1], "threads.db");
            at = all(one, two, at) == THREADS * EVENTS ? 0 : 1;
            FINE(phygital_store_free(one));
            FINE(phygital_store_free(two));
            exit(at != 0 || failed != 0);
        }
    }
    for (at = 0; at < PROCESSES; at++) {
        int status = -1;
        CHECK(waitpid(children[at], &status, 0) == children[at] && status == 0);
    }
    one = open_store(arguments[1], "threads.db");
    for (at = 0; at < PROCESSES; at++) {
        CHECK(all(one, one, at) == 0);
    }
    CHECK(all(one, one, PROCESSES) == THREADS * EVENTS);
    FINE(phygital_store_free(one));

    FINE(phygital_verifier_new(S(KEYS), &verifier));
    for (at = 0; at < THREADS; at++) {
        CHECK(pthread_create(&threads[at], NULL, verifies, verifier) == 0);
    }
    for (at = 0; at < THREADS; at++) {
        void *found = NULL;
        CHECK(pthread_join(threads[at], &found) == 0 && found != NULL);
    }
    FINE(phygital_verifier_free(verifier));
    return ended("threads");
}
