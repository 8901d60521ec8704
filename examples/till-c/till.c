/**
 * @file A till in C: opens `till.db`, enrols a tag, judges taps and reads texts, shows the card.
 *
 *     cargo build --release -p phygital-capi
 *     bindings/c/install "$PREFIX"     # a folder of yours, such as one below your home
 *     export PKG_CONFIG_PATH="$PREFIX/lib/pkgconfig" LD_LIBRARY_PATH="$PREFIX/lib"
 *     cc -std=c11 examples/till-c/till.c -o till $(pkg-config --cflags --libs phygital)
 *     ./till till.db
 *
 * Each line of standard input is a link, as a phone or a reader gives it, or a number and what it texted. A number behind a
 * link stands for what the shop's page knows of the phone. No tag at hand? It prints links that a tag in software made;
 * the line `demo` plays a whole visit with them.
 */
#include <phygital.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/** The tag at the till, and its key. Yours are in a registry of yours and in your key ring, never in the source. */
#define TAG "04a1b2c3d4e5f6"
#define KEY "5ace7e50ab65d5d51fd5bf5a16b8205b"

static const char keys[] = "{\"file_read_key\": \"" KEY "\", \"meta_read_key\": \"" KEY "\"}";
static const char settings[] =
    "{\"brand\": \"Wren & Co\", \"notice\": {\"id\": \"tap-sms-1\", \"sender\": \"+12015550101\","
    " \"text\": \"Text us the code to be known here. Reply STOP to leave.\","
    " \"purposes\": [\"recognition\", \"personalization\"]}}";

/** Says what went wrong, and whether the till has to stop. */
static int told(phygital_status status)
{
    switch (status / 100) {
    case 0:
        return 0;
    case 2:
        printf("please tap again: %s\n", phygital_last_error_message());
        return 0;
    case 1:
    case 3:
    case 4:
        printf("%s\n", phygital_last_error_message());
        return 0;
    default:
        fprintf(stderr, "%s: %s\n", phygital_status_name(status), phygital_last_error_message());
        return 1;
    }
}

/** Judges one link, and shows what the screen at the till shows. What is to be texted goes to `message`. */
static int tap(const phygital_store *till, const char *link, const char *number, char *message, size_t size)
{
    char identifier[64];
    phygital_str seen;
    phygital_tap_request request = phygital_tap_request_init();
    phygital_tap_outcome outcome = phygital_tap_outcome_init();
    phygital_status status;

    request.presented.kind = PHYGITAL_PRESENTED_KIND_URL;
    request.presented.data = phygital_bytes_of(link);
    request.shown_to = PHYGITAL_ROLE_ASSOCIATE;
    if (number[0] != '\0') {
        snprintf(identifier, sizeof identifier, "phone:%s", number);
        seen = phygital_str_of(identifier);
        request.identifiers = &seen;
        request.identifiers_len = 1;
    }
    status = phygital_verify_tap(till, &request, &outcome);
    if (status != PHYGITAL_STATUS_OK) {
        return told(status);
    }
    if (outcome.card.data != NULL) {
        printf("%s\n", outcome.card.data);
    } else if (outcome.notice.data != NULL) {
        printf("%s\n%s\n", outcome.notice.data, outcome.opt_in_link.data);
        snprintf(message, size, "%s", outcome.opt_in_message.data);
    } else {
        printf("welcome\n");
    }
    return told(phygital_tap_outcome_free(&outcome));
}

/** Takes in a text, and shows the answers that are due: yours go to a gateway. */
static int text(const phygital_store *till, const char *from, const char *body)
{
    static unsigned count;
    char id[48];
    size_t at;
    phygital_message_received message = phygital_message_received_init();
    phygital_actions *due = NULL;
    phygital_receipt receipt = phygital_receipt_init();

    /* The gateway's own name for the message. */
    snprintf(id, sizeof id, "m-%lld-%u", (long long)time(NULL), count++);
    message.id = phygital_str_of(id);
    message.from = phygital_str_of(from);
    message.body = phygital_str_of(body);
    if (told(phygital_record_message(till, &message, &receipt)) || told(phygital_due(till, 10, &due))) {
        return 1;
    }
    for (at = 0; at < phygital_actions_len(due); at++) {
        phygital_action action = phygital_action_init();
        if (phygital_actions_get(due, at, &action) == PHYGITAL_STATUS_OK) {
            printf("to %s: %s\n", action.to.data ? action.to.data : "staff", action.text.data ? action.text.data : "");
            told(phygital_acknowledge(till, action.id, PHYGITAL_OUTCOME_DELIVERED));
        }
    }
    return told(phygital_actions_free(due));
}

/** The link of the tag's next read. Free it. */
static phygital_text link_of(uint32_t read_ctr)
{
    phygital_text url = {NULL, 0};
    phygital_soft_tag tag = phygital_soft_tag_init();
    tag.uid = phygital_str_of(TAG);
    tag.url_template = phygital_str_of("tap.example/t?p={picc}&c={mac}");
    tag.file_read_key = phygital_str_of(KEY);
    tag.meta_read_key = phygital_str_of(KEY);
    tag.read_ctr = read_ctr;
    told(phygital_simulate_tap(&tag, &url));
    return url;
}

/** A whole visit: tapped, tapped again with a copied link, joined by text, known. */
static int demo(const phygital_store *till)
{
    char message[256] = "";
    phygital_text first = link_of(100);
    phygital_text second = link_of(101);
    int stop = tap(till, first.data, "", message, sizeof message) || tap(till, first.data, "", message, sizeof message) ||
               text(till, "+12015550123", message) || tap(till, second.data, "+12015550123", message, sizeof message);
    phygital_text_free(&first);
    phygital_text_free(&second);
    return stop;
}

static int serve(const phygital_store *till)
{
    char line[2048];
    char message[256];
    while (fgets(line, sizeof line, stdin) != NULL) {
        char *rest;
        int stop;
        line[strcspn(line, "\r\n")] = '\0';
        rest = line + strcspn(line, " ");
        if (*rest != '\0') {
            *rest++ = '\0';
        }
        if (line[0] == '\0') {
            continue;
        } else if (strcmp(line, "demo") == 0) {
            stop = demo(till);
        } else if (line[0] == '+') {
            stop = text(till, line, rest);
        } else {
            stop = tap(till, line, rest, message, sizeof message);
        }
        fflush(stdout);
        if (stop) {
            return 1;
        }
    }
    return 0;
}

int main(int count, char **arguments)
{
    phygital_options options = phygital_options_init();
    phygital_tag_enrolled tag = phygital_tag_enrolled_init();
    phygital_store *till = NULL;
    uint32_t at;
    int stop;

    if (count != 2 || phygital_abi_version() != PHYGITAL_ABI_VERSION) {
        fprintf(stderr, "usage: till FILE\n");
        return 2;
    }
    options.path = phygital_str_of(arguments[1]);
    options.keys = phygital_str_of(keys);
    options.settings = phygital_str_of(settings);
    tag.uid = phygital_str_of(TAG);
    tag.place = phygital_str_of("paris-1");
    if (told(phygital_open(&options, &till)) || told(phygital_enroll(till, &tag, NULL))) {
        return 1;
    }
    for (at = 0; at < 3; at++) {
        phygital_text url = link_of(at);
        printf("a link to try: %s\n", url.data ? url.data : "none");
        phygital_text_free(&url);
    }
    fflush(stdout);
    stop = serve(till);
    return told(phygital_store_free(till)) || stop;
}
