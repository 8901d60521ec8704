/** @file What a program does wrong is answered with a number: NULL, freed handles, wrong sizes, texts that are none. */
#include "check.h"

#ifdef TEST_PANIC
phygital_status phygital_test_panic(void);
phygital_status phygital_test_panic_within(const phygital_store *store);
#endif

static phygital_message_received received_of(const char *id, const char *body)
{
    phygital_message_received received = phygital_message_received_init();
    received.id = S(id);
    received.from = S("+12015550123");
    received.body = S(body);
    return received;
}

static void nulls(phygital_store *store)
{
    phygital_tap_request request = request_of("https://tap.example/");
    phygital_tap_outcome outcome = phygital_tap_outcome_init();
    phygital_tap_proof proof = phygital_tap_proof_init();
    phygital_options options = phygital_options_init();
    phygital_tag_enrolled tag = phygital_tag_enrolled_init();
    phygital_text text = {NULL, 0};
    phygital_decision decision = phygital_decision_init();
    phygital_action action = phygital_action_init();
    phygital_outgoing outgoing = phygital_outgoing_init();
    phygital_sending sending = phygital_sending_init();
    phygital_message_received received = received_of("m-1", "hello");
    phygital_receipt receipt = phygital_receipt_init();
    /* A length without a text. */
    phygital_str answer = {NULL, 4};
    uint32_t said = 0;
    phygital_store *opened = store;
    phygital_actions *actions = NULL;
    phygital_verifier *verifier = NULL;
    char customer[40];

    GIVES(NULL_POINTER, phygital_open(NULL, &opened));
    CHECK(opened == NULL);
    GIVES(NULL_POINTER, phygital_open(&options, NULL));
    GIVES(INVALID_ARGUMENT, phygital_open(&options, &opened));
    GIVES(NULL_POINTER, phygital_verify_tap(NULL, &request, &outcome));
    GIVES(NULL_POINTER, phygital_verify_tap(store, NULL, &outcome));
    GIVES(NULL_POINTER, phygital_verify_tap(store, &request, NULL));
    GIVES(NULL_POINTER, phygital_enroll(store, NULL, NULL));
    GIVES(NULL_POINTER, phygital_enroll(NULL, &tag, NULL));
    GIVES(NULL_POINTER, phygital_suspend(NULL));
    GIVES(NULL_POINTER, phygital_resume(NULL));
    GIVES(NULL_POINTER, phygital_identity(store, NULL));
    GIVES(NULL_POINTER, phygital_identity(NULL, &text));
    GIVES(NULL_POINTER, phygital_set_clock(NULL, 0));
    GIVES(NULL_POINTER, phygital_record(NULL, S("{}"), NULL));
    GIVES(NULL_POINTER, phygital_record_all(store, NULL, 1, &text));
    FINE(phygital_record_all(store, NULL, 0, &text));
    CHECK(strcmp(text.data, "[]") == 0);
    FINE(phygital_text_free(&text));
    GIVES(NULL_POINTER, phygital_record_message(store, NULL, NULL));
    GIVES(NULL_POINTER, phygital_record_opt_in(store, NULL, NULL));
    GIVES(NULL_POINTER, phygital_record_opt_out(store, NULL, NULL));
    GIVES(NULL_POINTER, phygital_permits(store, 1, S("phone:+12015550123"), NULL));
    GIVES(NULL_POINTER, phygital_permits(NULL, 1, S("phone:+12015550123"), &decision));
    GIVES(NULL_POINTER, phygital_find(store, S("phone:+12015550123"), NULL));
    GIVES(NULL_POINTER, phygital_find(NULL, S("phone:+12015550123"), customer));
    GIVES(NULL_POINTER, phygital_due(store, 1, NULL));
    GIVES(NULL_POINTER, phygital_due(NULL, 1, &actions));
    GIVES(NULL_POINTER, phygital_actions_get(NULL, 0, &action));
    CHECK(phygital_actions_len(NULL) == 0);
    GIVES(NULL_POINTER, phygital_verifier_new(S(""), NULL));
    GIVES(NULL_POINTER, phygital_verifier_verify(verifier, &request.presented, 0, &proof));
    FINE(phygital_verifier_new(S(""), &verifier));
    GIVES(NULL_POINTER, phygital_verifier_verify(verifier, NULL, 0, &proof));
    GIVES(NULL_POINTER, phygital_verifier_verify(verifier, &request.presented, 0, NULL));
    FINE(phygital_verifier_free(verifier));
    GIVES(NULL_POINTER, phygital_explain(store, S("phone:+12015550123"), S("phone:+12015550124"), NULL));
    GIVES(NULL_POINTER, phygital_explain(NULL, S("phone:+12015550123"), S("phone:+12015550124"), &text));
    GIVES(NULL_POINTER, phygital_review(store, 1, NULL));
    GIVES(NULL_POINTER, phygital_review(NULL, 1, &text));
    GIVES(NULL_POINTER, phygital_households(store, NULL));
    GIVES(NULL_POINTER, phygital_households(NULL, &text));
    GIVES(NULL_POINTER, phygital_rfm(store, 5, S(""), NULL));
    GIVES(NULL_POINTER, phygital_rfm(NULL, 5, S(""), &text));
    GIVES(NULL_POINTER, phygital_consent_receipts(store, S("phone:+12015550123"), 0, NULL));
    GIVES(NULL_POINTER, phygital_consent_receipts(NULL, S("phone:+12015550123"), 0, &text));
    GIVES(NULL_POINTER, phygital_segment_consent(store, S("phone:+12015550123"), NULL));
    GIVES(NULL_POINTER, phygital_segment_consent(NULL, S("phone:+12015550123"), &text));
    GIVES(NULL_POINTER, phygital_import_consent(NULL, S("{}"), S("//other"), NULL));
    GIVES(NULL_POINTER, phygital_suppress(NULL, S("phone:+12015550123"), 1, S(""), NULL));
    GIVES(NULL_POINTER, phygital_lift_suppression(NULL, S("phone:+12015550123"), 1, NULL));
    GIVES(NULL_POINTER, phygital_contact_state(store, S("phone:+12015550123"), NULL));
    GIVES(NULL_POINTER, phygital_contact_state(NULL, S("phone:+12015550123"), &text));
    GIVES(NULL_POINTER, phygital_permits_customer(store, 1, S("a"), NULL));
    GIVES(NULL_POINTER, phygital_permits_customer(NULL, 1, S("a"), &decision));
    GIVES(NULL_POINTER, phygital_request_right(store, NULL, NULL));
    GIVES(NULL_POINTER, phygital_open_requests(store, NULL));
    GIVES(NULL_POINTER, phygital_open_requests(NULL, &text));
    GIVES(NULL_POINTER, phygital_export_person(store, S("a"), NULL));
    GIVES(NULL_POINTER, phygital_export_person(NULL, S("a"), &text));
    GIVES(NULL_POINTER, phygital_correct(NULL, S("a"), S("a"), S("a"), NULL));
    GIVES(NULL_POINTER, phygital_judge(store, NULL, &text));
    GIVES(NULL_POINTER, phygital_judge(store, &outgoing, NULL));
    GIVES(NULL_POINTER, phygital_send(store, NULL, &sending, NULL));
    GIVES(NULL_POINTER, phygital_send(store, &outgoing, NULL, NULL));
    outgoing.message_class = PHYGITAL_MESSAGE_CLASS_MARKETING;
    outgoing.purpose = PHYGITAL_PURPOSE_MARKETING;
    GIVES(NULL_POINTER, phygital_send(NULL, &outgoing, &sending, NULL));
    text.len = 1;
    GIVES(NULL_POINTER, phygital_open_topic(store, S("phone:+12015550123"), S("fit"), S(""), NULL, &text));
    CHECK(text.data == NULL && text.len == 0);
    GIVES(NULL_POINTER, phygital_open_topic(NULL, S("phone:+12015550123"), S("fit"), S(""), &said, NULL));
    GIVES(NULL_POINTER, phygital_follow_up(store, S("phone:+12015550123"), NULL, NULL));
    GIVES(NULL_POINTER, phygital_follow_up(NULL, S("phone:+12015550123"), &said, NULL));
    GIVES(NULL_POINTER, phygital_hear(store, NULL, PHYGITAL_PROPOSAL_HAND_OVER, S(""), NULL));
    GIVES(NULL_POINTER, phygital_hear(NULL, &received, PHYGITAL_PROPOSAL_HAND_OVER, S(""), NULL));
    GIVES(NULL_POINTER, phygital_hear(store, &received, PHYGITAL_PROPOSAL_ANSWER, answer, &receipt));
    CHECK(receipt.is_new == 0 && receipt.event[0] == '\0');
    GIVES(NULL_POINTER, phygital_follow_ups(store, S(""), 1, NULL));
    GIVES(NULL_POINTER, phygital_follow_ups(NULL, S(""), 1, &text));
    GIVES(NULL_POINTER, phygital_followed(store, S("a"), NULL));
    GIVES(NULL_POINTER, phygital_followed(NULL, S("a"), &text));
    GIVES(NULL_POINTER, phygital_lint_text(S("a"), S("{}"), NULL));
    GIVES(NULL_POINTER, phygital_classify_text(S("a"), S(""), NULL));
    GIVES(NULL_POINTER, phygital_rules(S(""), 0, S(""), NULL));
    GIVES(NULL_POINTER, phygital_check_rules(S("+12015550123"), 3, 0, NULL, 0, S(""), NULL));
    GIVES(NULL_POINTER, phygital_check_rules(S("+12015550123"), 3, 0, NULL, 1, S(""), &text));
    options.path = S("x.db");
    options.topics_len = 1;
    GIVES(NULL_POINTER, phygital_open(&options, &opened));
    GIVES(NULL_POINTER, phygital_assign_arm(S(EXPERIMENT), S("u"), NULL));
    GIVES(NULL_POINTER, phygital_attribute_paths(S("first"), 2, S("[]"), NULL));
    GIVES(NULL_POINTER, phygital_normalize_identifier(S("phone:1"), S(""), NULL));
    GIVES(NULL_POINTER, phygital_simulate_tap(NULL, &text));
    /* A length without a text. */
    request.place.len = 4;
    GIVES(NULL_POINTER, phygital_verify_tap(store, &request, &outcome));
    /* What may be NULL. */
    FINE(phygital_store_free(NULL));
    FINE(phygital_verifier_free(NULL));
    FINE(phygital_actions_free(NULL));
    FINE(phygital_text_free(NULL));
    FINE(phygital_text_free(&text));
    FINE(phygital_tap_outcome_free(NULL));
}

static void handles(phygital_store *store, const char *folder)
{
    phygital_store *other = open_store(folder, "other.db");
    phygital_actions *actions = NULL;
    phygital_verifier *verifier = NULL;
    phygital_text text = {NULL, 0};
    int local = 0;

    FINE(phygital_store_free(other));
    GIVES(WRONG_HANDLE, phygital_store_free(other));
    GIVES(WRONG_HANDLE, phygital_identity(other, &text));
    GIVES(WRONG_HANDLE, phygital_store_free((phygital_store *)(void *)&local));
    FINE(phygital_verifier_new(S(KEYS), &verifier));
    GIVES(WRONG_HANDLE, phygital_store_free((phygital_store *)(void *)verifier));
    GIVES(WRONG_HANDLE, phygital_suspend((phygital_store *)(void *)verifier));
    GIVES(WRONG_HANDLE, phygital_verifier_free((phygital_verifier *)(void *)store));
    FINE(phygital_due(store, 1, &actions));
    GIVES(WRONG_HANDLE, phygital_verifier_free((phygital_verifier *)(void *)actions));
    CHECK(phygital_actions_len((phygital_actions *)(void *)store) == 0);
    FINE(phygital_actions_free(actions));
    GIVES(WRONG_HANDLE, phygital_actions_free(actions));
    FINE(phygital_verifier_free(verifier));
    GIVES(WRONG_HANDLE, phygital_verifier_free(verifier));
    /* A place that is given out again has another handle. */
    other = open_store(folder, "other.db");
    GIVES(WRONG_HANDLE, phygital_verifier_free(verifier));
    FINE(phygital_store_free(other));
}

static void sizes(phygital_store *store)
{
    phygital_tag_enrolled tag = phygital_tag_enrolled_init();
    phygital_receipt receipt = phygital_receipt_init();
    /* What a later version may make longer. */
    struct {
        phygital_tag_enrolled tag;
        uint64_t more;
    } longer;
    struct {
        phygital_receipt receipt;
        unsigned char more[16];
    } wider;

    tag.uid = S(UID);
    tag.size = 0;
    GIVES(WRONG_SIZE, phygital_enroll(store, &tag, NULL));
    tag.size = sizeof tag - 1;
    GIVES(WRONG_SIZE, phygital_enroll(store, &tag, NULL));
    tag.size = SIZE_MAX;
    GIVES(WRONG_SIZE, phygital_enroll(store, &tag, NULL));
    tag.size = sizeof tag;
    receipt.size = sizeof receipt - 1;
    GIVES(WRONG_SIZE, phygital_enroll(store, &tag, &receipt));
    memset(&longer, 0, sizeof longer);
    longer.tag = tag;
    longer.tag.size = sizeof longer;
    FINE(phygital_enroll(store, &longer.tag, NULL));
    longer.more = 1;
    GIVES(WRONG_SIZE, phygital_enroll(store, &longer.tag, NULL));
    memset(&wider, 0xA5, sizeof wider);
    wider.receipt.size = sizeof wider;
    FINE(phygital_enroll(store, &tag, &wider.receipt));
    CHECK(wider.receipt.size == sizeof wider && wider.receipt.is_new == 1);
    CHECK(wider.more[0] == 0 && wider.more[15] == 0);
}

static void texts(phygital_store *store)
{
    static const char bad[] = {'p', 'h', 'o', 'n', 'e', ':', (char)0xC3, (char)0x28};
    phygital_str text = {bad, sizeof bad};
    phygital_decision decision = phygital_decision_init();
    phygital_tap_request request = request_of("");
    phygital_tap_outcome outcome = phygital_tap_outcome_init();
    phygital_text json = {NULL, 0};
    size_t huge = (size_t)65 * 1024 * 1024;
    char *filled = malloc(huge);

    GIVES(INVALID_UTF8, phygital_permits(store, PHYGITAL_PURPOSE_SERVICE, text, &decision));
    CHECK(strstr(phygital_last_error_message(), "byte 6") != NULL);
    GIVES(MALFORMED_IDENTIFIER, phygital_permits(store, PHYGITAL_PURPOSE_SERVICE, S("phone:"), &decision));
    GIVES(MALFORMED_IDENTIFIER, phygital_permits(store, PHYGITAL_PURPOSE_SERVICE, S(""), &decision));
    GIVES(INVALID_ARGUMENT, phygital_permits(store, 0, S("phone:+12015550123"), &decision));
    GIVES(INVALID_ARGUMENT, phygital_permits(store, UINT32_MAX, S("phone:+12015550123"), &decision));
    GIVES(TAP_MALFORMED, phygital_verify_tap(store, &request, &outcome));
    request.presented.kind = 99;
    GIVES(INVALID_ARGUMENT, phygital_verify_tap(store, &request, &outcome));
    request = request_of("https://tap.example/");
    request.shown_to = 99;
    GIVES(INVALID_ARGUMENT, phygital_verify_tap(store, &request, &outcome));
    GIVES(INVALID_ARGUMENT, phygital_card(store, S("ada"), PHYGITAL_ROLE_MANAGER, &json));
    GIVES(MODEL_REFUSED, phygital_attribute(store, S("guess"), &json));
    GIVES(INVALID_ARGUMENT, phygital_attribute_paths(S("first"), 2, S("[{]"), &json));
    GIVES(INVALID_ARGUMENT, phygital_attribute_paths(S("first"), 1000, S("[]"), &json));
    GIVES(INVALID_ARGUMENT, phygital_lint_text(S("a"), S("{}"), &json));
    GIVES(INVALID_ARGUMENT, phygital_classify_text(S("a"), S("{\"pending\": \"maybe\"}"), &json));
    GIVES(INVALID_ARGUMENT, phygital_classify_text(S("a"), S("{"), &json));
    GIVES(INVALID_ARGUMENT, phygital_rules(S("Florida"), 0, S(""), &json));
    GIVES(INVALID_ARGUMENT, phygital_rules(S(""), 9, S(""), &json));
    GIVES(MALFORMED_RULES, phygital_rules(S(""), 0, S("{"), &json));
    GIVES(MALFORMED_IDENTIFIER, phygital_check_rules(S("ada"), 3, 0, NULL, 0, S(""), &json));
    GIVES(INVALID_ARGUMENT, phygital_check_rules(S("+12015550123"), 0, 0, NULL, 0, S(""), &json));
    GIVES(INVALID_ARGUMENT, phygital_suppress(store, S("phone:+12015550123"), 0, S(""), NULL));
    GIVES(INVALID_ARGUMENT, phygital_lift_suppression(store, S("phone:+12015550123"), 99, NULL));
    GIVES(INVALID_ARGUMENT, phygital_consent_receipts(store, S("phone:+12015550123"), 99, &json));
    GIVES(INVALID_ARGUMENT, phygital_followed(store, S("a"), &json));
    GIVES(MALFORMED_CONSENT, phygital_import_consent(store, S("["), S("//other"), &json));
    GIVES(INVALID_ARGUMENT, phygital_set_clock(store, -1));
    GIVES(INVALID_ARGUMENT, phygital_set_tag_status(store, S("04"), PHYGITAL_TAG_STATUS_LOST));

    CHECK(filled != NULL);
    memset(filled, '[', huge);
    text.data = filled;
    text.len = huge;
    GIVES(TOO_LARGE, phygital_record(store, text, NULL));
    text.len = SIZE_MAX;
    GIVES(TOO_LARGE, phygital_record(store, text, NULL));
    text.len = (size_t)2 * 1024 * 1024;
    GIVES(MALFORMED_EVENT, phygital_record(store, text, NULL));
    GIVES(MALFORMED_CONSENT, phygital_import_consent(store, text, S("//other"), &json));
    GIVES(MALFORMED_RULES, phygital_rules(S(""), 0, text, &json));
    FINE(phygital_lint_text(text, S("{\"brand\": \"Wren\"}"), &json));
    CHECK(strstr(json.data, "too_long") != NULL);
    FINE(phygital_text_free(&json));
    FINE(phygital_classify_text(text, S(""), &json));
    FINE(phygital_text_free(&json));
    {
        int64_t *sent = calloc(1001, sizeof *sent);
        GIVES(TOO_LARGE, phygital_check_rules(S("+12015550123"), 3, NOON, sent, 1001, S(""), &json));
        FINE(phygital_check_rules(S("+12015550123"), 3, NOON, sent, 1000, S(""), &json));
        FINE(phygital_text_free(&json));
        free(sent);
    }
    text.len = (size_t)60 * 1024 * 1024;
    GIVES(INVALID_ARGUMENT, phygital_attribute_paths(S("first"), 2, text, &json));
    GIVES(MISUSE, phygital_record_all(store, &text, 10001, &json));
    request = request_of("");
    request.presented.data.data = (const uint8_t *)filled;
    request.presented.data.len = text.len;
    GIVES(TAP_MALFORMED, phygital_verify_tap(store, &request, &outcome));
    request.identifiers = &text;
    request.identifiers_len = 1001;
    GIVES(TOO_LARGE, phygital_verify_tap(store, &request, &outcome));
    free(filled);
    CHECK(outcome.size == sizeof outcome);
}

/** What a model makes of a text, and what is to be followed up. */
static void talks(phygital_store *store)
{
    static const char bad[] = {'3', (char)0xFF};
    phygital_str text = {bad, sizeof bad};
    phygital_str nothing = {NULL, 0};
    phygital_message_received received = received_of("m-2", "the same as my sister");
    phygital_receipt receipt = phygital_receipt_init();
    phygital_text json = {NULL, 0};
    size_t huge = (size_t)65 * 1024 * 1024;
    char *filled = calloc(huge, 1);

    GIVES(INVALID_ARGUMENT, phygital_hear(store, &received, 0, S("39"), &receipt));
    GIVES(INVALID_ARGUMENT, phygital_hear(store, &received, 3, S("39"), &receipt));
    GIVES(INVALID_ARGUMENT, phygital_hear(store, &received, UINT32_MAX, S("39"), &receipt));
    GIVES(INVALID_UTF8, phygital_hear(store, &received, PHYGITAL_PROPOSAL_ANSWER, text, &receipt));
    received.body = text;
    GIVES(INVALID_UTF8, phygital_hear(store, &received, PHYGITAL_PROPOSAL_HAND_OVER, nothing, &receipt));
    received = received_of("m-2", "the same as my sister");
    received.from = S("ada");
    GIVES(MALFORMED_IDENTIFIER, phygital_hear(store, &received, PHYGITAL_PROPOSAL_HAND_OVER, nothing, &receipt));
    received.from = S("+12015550123");
    received.at = -1;
    GIVES(INVALID_ARGUMENT, phygital_hear(store, &received, PHYGITAL_PROPOSAL_HAND_OVER, nothing, &receipt));
    received.at = 0;
    received.size = 0;
    GIVES(WRONG_SIZE, phygital_hear(store, &received, PHYGITAL_PROPOSAL_HAND_OVER, nothing, &receipt));
    received.size = sizeof received;
    CHECK(filled != NULL);
    text.data = filled;
    text.len = huge;
    GIVES(TOO_LARGE, phygital_hear(store, &received, PHYGITAL_PROPOSAL_ANSWER, text, &receipt));
    CHECK(receipt.is_new == 0 && receipt.event[0] == '\0');
    /* None of that was recorded. An answer that is none, or far too long, is dropped, and the text is taken in. */
    text.len = (size_t)2 * 1024 * 1024;
    FINE(phygital_hear(store, &received, PHYGITAL_PROPOSAL_ANSWER, text, &receipt));
    CHECK(receipt.is_new == 1);
    received.id = S("m-3");
    FINE(phygital_hear(store, &received, PHYGITAL_PROPOSAL_ANSWER, nothing, NULL));
    received.body = S("another");
    GIVES(CONFLICT, phygital_hear(store, &received, PHYGITAL_PROPOSAL_ANSWER, S("39"), &receipt));
    free(filled);

    FINE(phygital_follow_ups(store, nothing, 0, &json));
    CHECK(strcmp(json.data, "[]") == 0);
    FINE(phygital_text_free(&json));
    FINE(phygital_follow_ups(store, nothing, 1000, &json));
    FINE(phygital_text_free(&json));
    GIVES(MISUSE, phygital_follow_ups(store, nothing, 1001, &json));
    GIVES(MISUSE, phygital_follow_ups(store, nothing, UINT32_MAX, &json));
    GIVES(INVALID_ARGUMENT, phygital_follow_ups(store, S("the last"), 1, &json));
    GIVES(INVALID_ARGUMENT, phygital_follow_ups(store, S("-1-00000000000000000000000000000000"), 1, &json));
    FINE(phygital_follow_ups(store, S("1-00000000000000000000000000000000"), 1, &json));
    FINE(phygital_text_free(&json));
    text.data = bad;
    text.len = sizeof bad;
    GIVES(INVALID_UTF8, phygital_follow_ups(store, text, 1, &json));
    CHECK(json.data == NULL);
}

static void stores(const char *folder)
{
    phygital_options options = phygital_options_init();
    phygital_store *store = NULL;
    char path[1024];
    snprintf(path, sizeof path, "%s/none/such.db", folder);
    options.path = S(path);
    GIVES(STORAGE_UNOPENED, phygital_open(&options, &store));
    snprintf(path, sizeof path, "%s/absent.db", folder);
    options.path = S(path);
    options.must_exist = 1;
    GIVES(STORAGE_UNOPENED, phygital_open(&options, &store));
    options.must_exist = 0;
    options.keys = S("{\"file_read_key\": \"secret-secret\"}");
    GIVES(MALFORMED_KEYS, phygital_open(&options, &store));
    CHECK(strstr(phygital_last_error_message(), "secret") == NULL);
    options.keys = S("");
    options.settings = S("{\"brandt\": 1}");
    GIVES(MALFORMED_SETTINGS, phygital_open(&options, &store));
    options.settings = S("");
    {
        phygital_str topic = S("{");
        options.topics = &topic;
        options.topics_len = 1;
        GIVES(MALFORMED_TOPIC, phygital_open(&options, &store));
        options.topics_len = SIZE_MAX;
        GIVES(TOO_LARGE, phygital_open(&options, &store));
        options.topics_len = 0;
    }
    options.tenant = S("abc");
    GIVES(INVALID_ARGUMENT, phygital_open(&options, &store));
    snprintf(path, sizeof path, "%s/text.db", folder);
    {
        FILE *file = fopen(path, "w");
        fputs("this is no store, and long enough to be looked at as one: it has more than a hundred bytes in it......", file);
        fclose(file);
    }
    options.path = S(path);
    options.tenant = S("");
    GIVES(STORAGE_CORRUPT, phygital_open(&options, &store));
    CHECK(store == NULL);
}

static void panics(phygital_store *store)
{
#ifdef TEST_PANIC
    phygital_text text = {NULL, 0};
    int at;
    for (at = 0; at < 3; at++) {
        GIVES(PANIC, phygital_test_panic());
        CHECK(strcmp(phygital_last_error_reason(), "panic") == 0);
    }
    GIVES(PANIC, phygital_test_panic_within(store));
    GIVES(SUSPENDED, phygital_identity(store, &text));
    FINE(phygital_resume(store));
    FINE(phygital_identity(store, &text));
    FINE(phygital_text_free(&text));
#else
    (void)store;
#endif
}

int main(int count, char **arguments)
{
    phygital_store *store;
    if (count != 2) {
        return 2;
    }
    store = open_store(arguments[1], "misuse.db");
    nulls(store);
    handles(store, arguments[1]);
    sizes(store);
    texts(store);
    talks(store);
    stores(arguments[1]);
    panics(store);
    FINE(phygital_store_free(store));
    return ended("misuse");
}
