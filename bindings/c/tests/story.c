/**
 * @file The story that every binding plays: a tag is enrolled, tapped, a copied link refused; somebody opts in by text, is
 * known, shown, and leaves again; another one consents, is written to at lawful hours, leaves, and is forgotten.
 */
#include "check.h"

static phygital_status tap(const phygital_store *store, uint32_t read_ctr, const char *seen, phygital_tap_outcome *outcome)
{
    phygital_status status;
    phygital_text url = link_of(read_ctr);
    phygital_tap_request request = request_of(url.data);
    phygital_str identifier = S(seen);
    if (seen != NULL) {
        request.identifiers = &identifier;
        request.identifiers_len = 1;
        request.shown_to = PHYGITAL_ROLE_ASSOCIATE;
    }
    status = phygital_verify_tap(store, &request, outcome);
    FINE(phygital_text_free(&url));
    return status;
}

static phygital_status message(const phygital_store *store, const char *id, const char *body, phygital_receipt *receipt)
{
    phygital_message_received received = phygital_message_received_init();
    received.id = S(id);
    received.from = S("+1 201 555 0123");
    received.body = S(body);
    return phygital_record_message(store, &received, receipt);
}

static void opts_in(const phygital_store *store)
{
    phygital_tap_outcome outcome = phygital_tap_outcome_init();
    phygital_receipt receipt = phygital_receipt_init();
    phygital_actions *actions = NULL;
    phygital_action action = phygital_action_init();

    FINE(tap(store, 1, NULL, &outcome));
    CHECK(outcome.recognition == PHYGITAL_RECOGNITION_ANONYMOUS);
    CHECK(outcome.assurance == PHYGITAL_ASSURANCE_DYNAMIC);
    CHECK(outcome.has_read_ctr && outcome.read_ctr == 2);
    CHECK(strcmp(outcome.uid, UID) == 0);
    CHECK(strlen(outcome.event) == 32 && strlen(outcome.customer) == 32);
    CHECK(strcmp(outcome.place.data, "paris-1") == 0);
    CHECK(strcmp(outcome.scheme.data, "ntag424-aes") == 0);
    CHECK(outcome.touchpoint.data == NULL && outcome.card.data == NULL);
    CHECK(strlen(outcome.code) == 6 && strstr(outcome.opt_in_message.data, outcome.code) != NULL);
    CHECK(strncmp(outcome.opt_in_link.data, "sms:+12015550101?&body=JOIN%20", 30) == 0);
    CHECK(outcome.code_expires_at > NOON);
    {
        phygital_tap_outcome copied = phygital_tap_outcome_init();
        GIVES(TAP_REPLAYED, tap(store, 1, NULL, &copied));
        CHECK(strcmp(phygital_last_error_reason(), "replayed") == 0);
        CHECK(copied.size == sizeof copied && copied.recognition == 0 && copied.place.data == NULL);
    }

    FINE(message(store, "m-1", outcome.opt_in_message.data, &receipt));
    CHECK(receipt.is_new == 1 && receipt.received_at == NOON && strlen(receipt.event) == 32);
    FINE(message(store, "m-1", outcome.opt_in_message.data, &receipt));
    CHECK(receipt.is_new == 0);
    GIVES(CONFLICT, message(store, "m-1", "something else", &receipt));
    FINE(phygital_tap_outcome_free(&outcome));
    CHECK(outcome.size == sizeof outcome && outcome.notice.data == NULL);
    FINE(phygital_tap_outcome_free(&outcome));

    FINE(phygital_due(store, 10, &actions));
    CHECK(phygital_actions_len(actions) == 1);
    FINE(phygital_actions_get(actions, 0, &action));
    CHECK(strcmp(action.action.data, "answer_message") == 0);
    CHECK(strcmp(action.to.data, "phone:+12015550123") == 0);
    CHECK(strncmp(action.text.data, "Wren & Co: welcome", 18) == 0);
    GIVES(INVALID_ARGUMENT, phygital_acknowledge(store, action.id, 9));
    FINE(phygital_acknowledge(store, action.id, PHYGITAL_OUTCOME_DELIVERED));
    FINE(phygital_acknowledge(store, action.id, PHYGITAL_OUTCOME_DELIVERED));
    GIVES(UNKNOWN_ACTION, phygital_acknowledge(store, S("never"), PHYGITAL_OUTCOME_FAILED));
    GIVES(INVALID_ARGUMENT, phygital_actions_get(actions, 1, &action));
    FINE(phygital_actions_free(actions));
    FINE(phygital_due(store, 10, &actions));
    CHECK(phygital_actions_len(actions) == 0);
    FINE(phygital_actions_free(actions));
}

static void is_known(const phygital_store *store, char customer[40])
{
    static const char order[] =
        "{\"specversion\": \"1.0\", \"id\": \"o-1\", \"source\": \"//till/1\", \"type\": \"com.phygital.order_completed\","
        " \"time\": \"2026-11-21T12:00:00Z\", \"data\": {\"identifiers\": {\"phone\": \"+12015550123\"},"
        " \"place\": \"paris-1\", \"properties\": {\"order_id\": \"o-1\", \"revenue\": 149.90, \"currency\": \"EUR\","
        " \"products\": [{\"sku\": \"BOOT-38\", \"category\": \"Shoes\", \"size\": \"38\"}]}}}";
    phygital_tap_outcome outcome = phygital_tap_outcome_init();
    phygital_decision decision = phygital_decision_init();
    phygital_text json = {NULL, 0};
    phygital_str batch[3];

    FINE(tap(store, 2, "phone:+12015550123", &outcome));
    CHECK(outcome.recognition == PHYGITAL_RECOGNITION_KNOWN && outcome.code[0] == '\0');
    CHECK(strstr(outcome.card.data, "\"role\":\"associate\"") != NULL);
    FINE(phygital_find(store, S("phone:+12015550123"), customer));
    CHECK(strcmp(customer, outcome.customer) == 0);
    FINE(phygital_tap_outcome_free(&outcome));
    FINE(phygital_permits(store, PHYGITAL_PURPOSE_PERSONALIZATION, S("phone:+12015550123"), &decision));
    CHECK(decision.allowed == 1 && strcmp(decision.reason, "granted") == 0 && strlen(decision.proof) == 32);
    FINE(phygital_permits(store, PHYGITAL_PURPOSE_MARKETING, S("phone:+12015550123"), &decision));
    CHECK(decision.allowed == 0 && strcmp(decision.reason, "never_asked") == 0 && decision.proof[0] == '\0');
    FINE(phygital_person(store, S(customer), &json));
    CHECK(strstr(json.data, "\"phone:+12015550123\"") != NULL && strlen(json.data) == json.len);
    FINE(phygital_text_free(&json));

    batch[0] = S(order);
    batch[1] = S("{}");
    batch[2] = S(order);
    FINE(phygital_record_all(store, batch, 3, &json));
    CHECK(strstr(json.data, "\"recorded\":\"refused\",\"code\":110") != NULL);
    CHECK(strstr(json.data, "\"is_new\":true") != NULL && strstr(json.data, "\"is_new\":false") != NULL);
    FINE(phygital_text_free(&json));
    FINE(phygital_card(store, S(customer), PHYGITAL_ROLE_ASSOCIATE, &json));
    CHECK(strstr(json.data, "BOOT-38") != NULL);
    FINE(phygital_text_free(&json));
    FINE(phygital_profile(store, S(customer), PHYGITAL_PURPOSE_PERSONALIZATION, &json));
    FINE(phygital_text_free(&json));
    FINE(phygital_attribute(store, S("linear"), &json));
    CHECK(strstr(json.data, "\"currency\":\"EUR\"") != NULL && strstr(json.data, "\"causal\":false") != NULL);
    CHECK(strstr(json.data, "\"minor\":14990") != NULL);
    FINE(phygital_text_free(&json));
    FINE(phygital_attribute(store, S("time-decay"), &json));
    CHECK(strstr(json.data, "\"minor\":14990") != NULL);
    FINE(phygital_text_free(&json));
}

static void stands_among_all(const phygital_store *store, const char *customer)
{
    phygital_text json = {NULL, 0};
    FINE(phygital_explain(store, S("phone:+12015550123"), S("loyalty:L-7"), &json));
    CHECK(strstr(json.data, "\"same\":false") != NULL && strstr(json.data, "\"reason\":\"unknown\"") != NULL);
    FINE(phygital_text_free(&json));
    FINE(phygital_record(store,
                         S("{\"specversion\": \"1.0\", \"id\": \"v-1\", \"source\": \"//till/1\","
                           " \"type\": \"com.phygital.visit_started\", \"time\": \"2026-11-21T12:00:00Z\","
                           " \"data\": {\"identifiers\": {\"phone\": \"+12015550123\", \"loyalty\": \"L-7\"},"
                           " \"place\": \"paris-1\"}}"),
                         NULL));
    FINE(phygital_explain(store, S("phone:+12015550123"), S("loyalty:L-7"), &json));
    CHECK(strstr(json.data, "\"same\":true") != NULL && strstr(json.data, "\"basis\":\"together\"") != NULL);
    CHECK(strstr(json.data, "\"id\":\"v-1\"") != NULL && strstr(json.data, "+12015550123") != NULL);
    FINE(phygital_text_free(&json));
    GIVES(MALFORMED_IDENTIFIER, phygital_explain(store, S("ada"), S("loyalty:L-7"), &json));
    FINE(phygital_review(store, 10, &json));
    CHECK(strncmp(json.data, "{\"crowded\":0,\"questions\":[", 26) == 0);
    FINE(phygital_text_free(&json));
    FINE(phygital_households(store, &json));
    CHECK(strcmp(json.data, "[]") == 0);
    FINE(phygital_text_free(&json));
    FINE(phygital_rfm(store, 5, S(""), &json));
    CHECK(strstr(json.data, customer) != NULL && strstr(json.data, "\"minor\":14990") != NULL);
    FINE(phygital_text_free(&json));
    FINE(phygital_rfm(store, 5, S("USD"), &json));
    CHECK(strstr(json.data, "\"customers\":[]") != NULL && strstr(json.data, "\"other_currency\":1") != NULL);
    FINE(phygital_text_free(&json));
    GIVES(INVALID_ARGUMENT, phygital_rfm(store, 1, S(""), &json));
}

static void leaves(const phygital_store *store, const char *customer)
{
    phygital_tap_outcome outcome = phygital_tap_outcome_init();
    phygital_consent consent = phygital_consent_init();
    phygital_text json = {NULL, 0};
    char nobody[40];

    consent.contact = S("phone:+12015550123");
    FINE(phygital_record_opt_out(store, &consent, NULL));
    FINE(tap(store, 3, "phone:+12015550123", &outcome));
    CHECK(outcome.recognition == PHYGITAL_RECOGNITION_ANONYMOUS && outcome.card.data == NULL);
    FINE(phygital_tap_outcome_free(&outcome));
    FINE(phygital_card(store, S(customer), PHYGITAL_ROLE_ASSOCIATE, &json));
    CHECK(strstr(json.data, "\"withheld\":[\"withdrawn\"]") != NULL && strstr(json.data, "BOOT") == NULL);
    FINE(phygital_text_free(&json));
    GIVES(NOT_PERMITTED, phygital_profile(store, S(customer), PHYGITAL_PURPOSE_PERSONALIZATION, &json));
    CHECK(json.data == NULL && strcmp(phygital_last_error_reason(), "withdrawn") == 0);
    FINE(phygital_erase_identifier(store, S("phone:+12015550123"), &json));
    CHECK(strstr(json.data, "\"identifiers\":1") != NULL);
    FINE(phygital_text_free(&json));
    GIVES(UNKNOWN_IDENTIFIER, phygital_find(store, S("phone:+12015550123"), nobody));
    CHECK(nobody[0] == '\0');
    GIVES(UNKNOWN_CUSTOMER, phygital_erase_customer(store, S("00000000000000000000000000000000"), NULL));
    FINE(phygital_set_tag_status(store, S(UID), PHYGITAL_TAG_STATUS_LOST));
    GIVES(TAP_NOT_COUNTED, tap(store, 4, NULL, &outcome));
    CHECK(strcmp(phygital_last_error_reason(), "lost") == 0);
    FINE(phygital_tag(store, S(UID), &json));
    CHECK(strstr(json.data, "\"status\":\"lost\"") != NULL);
    FINE(phygital_text_free(&json));
    FINE(phygital_tags(store, S(""), 10, &json));
    CHECK(json.data[0] == '[' && strstr(json.data, UID) != NULL);
    FINE(phygital_text_free(&json));
}

static void consents_at_the_till(const phygital_store *store)
{
    static const uint32_t purposes[] = {PHYGITAL_PURPOSE_MARKETING, PHYGITAL_PURPOSE_ADVERTISING};
    phygital_str evidence = S("paper 7");
    phygital_consent consent = phygital_consent_init();
    phygital_decision decision = phygital_decision_init();
    phygital_receipt receipt = phygital_receipt_init();
    consent.contact = S("email:Ada@Shop.example");
    consent.purposes = purposes;
    consent.purposes_len = 2;
    consent.evidence = &evidence;
    consent.evidence_len = 1;
    consent.id = S("paper-7");
    consent.notice_id = S("tap-sms-1");
    consent.expires_at = NOON + 60000000;
    GIVES(INVALID_ARGUMENT, phygital_record_opt_in(store, &consent, &receipt));
    consent.method = PHYGITAL_CONSENT_METHOD_PAPER;
    FINE(phygital_record_opt_in(store, &consent, &receipt));
    CHECK(receipt.is_new == 1);
    FINE(phygital_permits(store, PHYGITAL_PURPOSE_ADVERTISING, S("email:ada@shop.example"), &decision));
    CHECK(decision.allowed == 1);
    FINE(phygital_set_clock(store, NOON + 60000000));
    FINE(phygital_permits(store, PHYGITAL_PURPOSE_ADVERTISING, S("email:ada@shop.example"), &decision));
    CHECK(decision.allowed == 0 && strcmp(decision.reason, "expired") == 0);
    FINE(phygital_set_clock(store, 0));
}

#define ADA_NUMBER "+12015550124"
#define ADA "phone:" ADA_NUMBER
#define BEA_NUMBER "+12015550125"
#define BEA "phone:" BEA_NUMBER

static phygital_outgoing advert(const char *id)
{
    phygital_outgoing message = phygital_outgoing_init();
    message.id = S(id);
    message.to = S(ADA);
    message.text = S("Wren & Co: new boots. Reply STOP to opt out");
    message.message_class = PHYGITAL_MESSAGE_CLASS_MARKETING;
    message.purpose = PHYGITAL_PURPOSE_MARKETING;
    return message;
}

static void consents_with_a_receipt(const phygital_store *store)
{
    static const uint32_t purposes[] = {PHYGITAL_PURPOSE_MARKETING};
    phygital_str evidence = S("paper 8");
    phygital_consent consent = phygital_consent_init();
    phygital_decision decision = phygital_decision_init();
    phygital_text json = {NULL, 0};
    FINE(phygital_set_clock(store, NOON + 60000000));
    consent.contact = S(ADA);
    consent.purposes = purposes;
    consent.purposes_len = 1;
    consent.evidence = &evidence;
    consent.evidence_len = 1;
    consent.method = PHYGITAL_CONSENT_METHOD_PAPER;
    FINE(phygital_record_opt_in(store, &consent, NULL));
    FINE(phygital_consent_receipts(store, S(ADA), 0, &json));
    CHECK(strstr(json.data, "\"schema_version\":\"ISO/IEC TS 27560:2023\"") != NULL);
    CHECK(strstr(json.data, "\"evidence\":[\"paper 8\"]") != NULL);
    {
        /* What is written down in one shop is known in it. */
        phygital_text taken = {NULL, 0};
        json.data[json.len - 1] = '\0';
        FINE(phygital_import_consent(store, S(json.data + 1), S("//paper.example"), &taken));
        CHECK(strcmp(taken.data, "{\"recorded\":1,\"known\":0,\"unknown\":[]}") == 0);
        FINE(phygital_text_free(&taken));
        FINE(phygital_import_consent(store, S(json.data + 1), S("//paper.example"), NULL));
        GIVES(MALFORMED_CONSENT, phygital_import_consent(store, S("{}"), S("//paper.example"), &taken));
        json.data[json.len - 1] = ']';
    }
    FINE(phygital_text_free(&json));
    FINE(phygital_consent_receipts(store, S(ADA), PHYGITAL_PURPOSE_ADVERTISING, &json));
    CHECK(strcmp(json.data, "[]") == 0);
    FINE(phygital_text_free(&json));
    FINE(phygital_suppress(store, S(ADA), PHYGITAL_SUPPRESSION_CAUSE_CARRIER, S("21610"), NULL));
    FINE(phygital_permits(store, PHYGITAL_PURPOSE_MARKETING, S(ADA), &decision));
    CHECK(decision.allowed == 0 && strcmp(decision.reason, "suppressed") == 0);
    FINE(phygital_set_clock(store, NOON + 120000000));
    FINE(phygital_lift_suppression(store, S(ADA), PHYGITAL_SUPPRESSION_CAUSE_CARRIER, NULL));
    FINE(phygital_segment_consent(store, S(ADA), &json));
    CHECK(strstr(json.data, "\"status\":\"SUBSCRIBED\"") != NULL);
    FINE(phygital_text_free(&json));
}

static phygital_message_received text_of(const char *number, const char *id, const char *body)
{
    phygital_message_received received = phygital_message_received_init();
    received.id = S(id);
    received.from = S(number);
    received.body = S(body);
    return received;
}

static phygital_status she_texts(const phygital_store *store, const char *id, const char *body, phygital_receipt *receipt)
{
    phygital_message_received received = text_of(ADA_NUMBER, id, body);
    return phygital_record_message(store, &received, receipt);
}

static void talks(const phygital_store *store)
{
    phygital_outgoing message = advert("a-1");
    phygital_sending sending = phygital_sending_init();
    phygital_receipt receipt = phygital_receipt_init();
    phygital_text json = {NULL, 0};
    uint32_t said = 0;

    /* Noon in UTC is seven in the morning in New Jersey. */
    FINE(phygital_send(store, &message, &sending, &json));
    CHECK(sending.state == PHYGITAL_SENDING_STATE_REFUSED && strcmp(sending.reason, "quiet_hours") == 0);
    CHECK(sending.next_allowed == NOON + HOUR && sending.expires_at == 0 && sending.event[0] == '\0');
    CHECK(strstr(json.data, "\"reasons\":[\"quiet_hours\"]") != NULL && strstr(json.data, "us_federal") != NULL);
    FINE(phygital_text_free(&json));
    message.waits = 1;
    FINE(phygital_send(store, &message, &sending, NULL));
    CHECK(sending.state == PHYGITAL_SENDING_STATE_WAITS && strcmp(sending.reason, "quiet_hours") == 0);
    FINE(phygital_set_clock(store, NOON + 2 * HOUR));
    FINE(phygital_send(store, &message, &sending, &json));
    CHECK(sending.state == PHYGITAL_SENDING_STATE_KNOWN && json.data == NULL && strlen(sending.event) == 32);
    message = advert("a-2");
    FINE(phygital_send(store, &message, &sending, NULL));
    CHECK(sending.state == PHYGITAL_SENDING_STATE_WAITS && sending.reason[0] == '\0');
    CHECK(sending.expires_at > NOON + 2 * HOUR && strlen(sending.event) == 32);
    message.text = S("New boots at bit.ly/3xY");
    FINE(phygital_judge(store, &message, &json));
    CHECK(strstr(json.data, "\"fault\":\"short_link\"") != NULL);
    FINE(phygital_text_free(&json));

    FINE(she_texts(store, "m-10", "hello", NULL));
    FINE(phygital_open_topic(store, S(ADA), S("fit"), S("en"), &said, NULL));
    CHECK(said == 1);
    FINE(phygital_contact_state(store, S(ADA), &json));
    CHECK(strstr(json.data, "\"question\":\"size\"") != NULL && strstr(json.data, "subscribed") != NULL);
    FINE(phygital_text_free(&json));
    FINE(phygital_follow_up(store, S(ADA), &said, &json));
    CHECK(said == 0 && json.data == NULL);
    GIVES(MISUSE, phygital_open_topic(store, S(ADA), S("never"), S(""), &said, &json));
    FINE(phygital_follow_ups(store, S(""), 10, &json));
    CHECK(strcmp(json.data, "[]") == 0);
    FINE(phygital_text_free(&json));
    {
        /* What no rule reads a model may. A text counts once. */
        phygital_message_received unread = text_of(ADA_NUMBER, "m-11", "the same as my sister");
        FINE(phygital_hear(store, &unread, PHYGITAL_PROPOSAL_ANSWER, S("39"), &receipt));
        CHECK(receipt.is_new == 1 && strlen(receipt.event) == 32);
        FINE(phygital_hear(store, &unread, PHYGITAL_PROPOSAL_HAND_OVER, S(""), &receipt));
        CHECK(receipt.is_new == 0);
    }
    FINE(phygital_followed(store, S(receipt.event), &json));
    CHECK(strstr(json.data, "com.phygital.attribute_stated") != NULL);
    FINE(phygital_text_free(&json));

    FINE(she_texts(store, "m-12", "STOP", &receipt));
    FINE(phygital_followed(store, S(receipt.event), &json));
    CHECK(strstr(json.data, "com.phygital.opted_out") != NULL);
    FINE(phygital_text_free(&json));
    message = advert("a-3");
    FINE(phygital_send(store, &message, &sending, NULL));
    CHECK(sending.state == PHYGITAL_SENDING_STATE_REFUSED && strcmp(sending.reason, "withdrawn") == 0);
    CHECK(sending.next_allowed == 0);
    message.message_class = 9;
    GIVES(INVALID_ARGUMENT, phygital_send(store, &message, &sending, &json));
    CHECK(sending.state == 0 && json.data == NULL);
}

/** Another one is asked, and says nothing for three days; then a person takes over. */
static void is_silent(const phygital_store *store)
{
    const uint32_t purposes[] = {PHYGITAL_PURPOSE_MARKETING};
    phygital_consent consent = phygital_consent_init();
    phygital_message_received text = text_of(BEA_NUMBER, "m-20", "hello");
    phygital_receipt receipt = phygital_receipt_init();
    phygital_text json = {NULL, 0};
    uint32_t said = 0;
    char place[64];
    const char *at;

    consent.contact = S(BEA);
    consent.purposes = purposes;
    consent.purposes_len = 1;
    consent.method = PHYGITAL_CONSENT_METHOD_TILL;
    FINE(phygital_record_opt_in(store, &consent, NULL));
    FINE(phygital_record_message(store, &text, NULL));
    FINE(phygital_open_topic(store, S(BEA), S("fit"), S(""), &said, NULL));
    CHECK(said == 1);
    FINE(phygital_set_clock(store, NOON + 74 * HOUR));
    FINE(phygital_follow_ups(store, S(""), 10, &json));
    CHECK(strstr(json.data, "[{\"contact\":\"" BEA "\",\"topic\":\"fit\",\"due\":\"2026-11-24T14:00:00Z\",") != NULL);
    at = strstr(json.data, "\"place\":\"");
    CHECK(at != NULL && sscanf(at, "\"place\":\"%63[0-9a-f-]\"}]", place) == 1);
    FINE(phygital_text_free(&json));
    FINE(phygital_follow_ups(store, S(place), 10, &json));
    CHECK(strcmp(json.data, "[]") == 0);
    FINE(phygital_text_free(&json));
    FINE(phygital_follow_up(store, S(BEA), &said, NULL));
    FINE(phygital_follow_ups(store, S(""), 10, &json));
    CHECK(strcmp(json.data, "[]") == 0);
    FINE(phygital_text_free(&json));

    text = text_of(BEA_NUMBER, "m-21", "hello again");
    FINE(phygital_record_message(store, &text, NULL));
    FINE(phygital_open_topic(store, S(BEA), S("fit"), S(""), &said, NULL));
    CHECK(said == 1);
    text = text_of(BEA_NUMBER, "m-22", "ask my sister");
    FINE(phygital_hear(store, &text, PHYGITAL_PROPOSAL_HAND_OVER, S(""), &receipt));
    FINE(phygital_followed(store, S(receipt.event), &json));
    CHECK(strstr(json.data, "com.phygital.conversation_handed_over") != NULL);
    FINE(phygital_text_free(&json));
}

static void has_rights(const phygital_store *store)
{
    phygital_rights_requested request = phygital_rights_requested_init();
    phygital_decision decision = phygital_decision_init();
    phygital_receipt receipt = phygital_receipt_init();
    phygital_text json = {NULL, 0};
    char customer[40];

    request.identifier = S(ADA);
    request.jurisdiction = S("US-CA");
    request.id = S("r-1");
    GIVES(INVALID_ARGUMENT, phygital_request_right(store, &request, &receipt));
    request.right = PHYGITAL_RIGHT_ACCESS;
    FINE(phygital_request_right(store, &request, &receipt));
    CHECK(receipt.is_new == 1);
    FINE(phygital_open_requests(store, &json));
    CHECK(strstr(json.data, "\"right\":\"access\"") != NULL && strstr(json.data, "us_ca_request_45d") != NULL);
    FINE(phygital_text_free(&json));
    FINE(phygital_find(store, S(ADA), customer));
    FINE(phygital_correct(store, S(customer), S("first_name"), S("Ada"), NULL));
    FINE(phygital_export_person(store, S(customer), &json));
    CHECK(strstr(json.data, "\"value\":\"Ada\"") != NULL && strstr(json.data, "size.shoes") != NULL);
    FINE(phygital_text_free(&json));
    request.right = PHYGITAL_RIGHT_OPT_OUT;
    request.id = S("r-2");
    FINE(phygital_request_right(store, &request, NULL));
    FINE(phygital_permits_customer(store, PHYGITAL_PURPOSE_ADVERTISING, S(customer), &decision));
    CHECK(decision.allowed == 0 && strcmp(decision.reason, "withdrawn") == 0);
    FINE(phygital_erase_customer(store, S(customer), &json));
    CHECK(strstr(json.data, "\"identifiers\":1") != NULL && strstr(json.data, "\"notices\":0") != NULL);
    FINE(phygital_text_free(&json));
    GIVES(UNKNOWN_CUSTOMER, phygital_export_person(store, S(customer), &json));
    GIVES(UNKNOWN_CUSTOMER, phygital_permits_customer(store, PHYGITAL_PURPOSE_SERVICE, S(customer), &decision));
    FINE(phygital_set_clock(store, 0));
}

static void suspends(phygital_store *store)
{
    phygital_text before = {NULL, 0};
    phygital_text after = {NULL, 0};
    FINE(phygital_identity(store, &before));
    FINE(phygital_suspend(store));
    FINE(phygital_suspend(store));
    GIVES(SUSPENDED, phygital_identity(store, &after));
    FINE(phygital_resume(store));
    FINE(phygital_resume(store));
    FINE(phygital_identity(store, &after));
    /* The device, and not the incarnation, is the same. */
    CHECK(strncmp(before.data, after.data, 45) == 0 && strcmp(before.data, after.data) != 0);
    FINE(phygital_text_free(&before));
    FINE(phygital_text_free(&after));
}

/** Passes of phone wallets, as readers that decrypt them by themselves hand them over. */
static void presents_passes(void)
{
    phygital_verifier *verifier = NULL;
    phygital_tap_proof proof = phygital_tap_proof_init();
    phygital_presented pass = request_of("token").presented;
    FINE(phygital_verifier_new(S(""), &verifier));
    pass.kind = PHYGITAL_PRESENTED_KIND_APPLE_PASS;
    pass.about = phygital_bytes_of("{\"pass_type\": \"pass.example.loyalty\", \"vouched\": \"live\"}");
    FINE(phygital_verifier_verify(verifier, &pass, NOON, &proof));
    CHECK(strcmp(proof.scheme, "apple-vas") == 0 && proof.assurance == PHYGITAL_ASSURANCE_DYNAMIC);
    pass.kind = PHYGITAL_PRESENTED_KIND_GOOGLE_PASS;
    GIVES(INVALID_ARGUMENT, phygital_verifier_verify(verifier, &pass, NOON, &proof));
    pass.about = phygital_bytes_of("{\"collector\": 20180608, \"kind\": \"ly\", \"object_id\": \"0a1B\","
                                   " \"vouched\": \"live\"}");
    FINE(phygital_verifier_verify(verifier, &pass, NOON, &proof));
    CHECK(strcmp(proof.scheme, "smart-tap") == 0 && proof.assurance == PHYGITAL_ASSURANCE_LIVE);
    pass.about = phygital_bytes_of("{\"collector\": 1, \"kind\": \"ly\", \"object_id\": \"0\", \"vouched\": \"live\"}");
    GIVES(INVALID_ARGUMENT, phygital_verifier_verify(verifier, &pass, NOON, &proof));
    pass.kind = PHYGITAL_PRESENTED_KIND_APPLE_VAS;
    pass.about = phygital_bytes_of("pass.example.loyalty");
    GIVES(TAP_UNAUTHENTICATED, phygital_verifier_verify(verifier, &pass, NOON, &proof));
    pass.kind = 11;
    GIVES(INVALID_ARGUMENT, phygital_verifier_verify(verifier, &pass, NOON, &proof));
    FINE(phygital_verifier_free(verifier));
}

static void needs_no_store(void)
{
    phygital_verifier *verifier = NULL;
    phygital_tap_proof proof = phygital_tap_proof_init();
    phygital_text url = link_of(40);
    phygital_text json = {NULL, 0};
    phygital_presented presented = request_of(url.data).presented;

    FINE(phygital_verifier_new(S(KEYS), &verifier));
    FINE(phygital_verifier_verify(verifier, &presented, 0, &proof));
    CHECK(strcmp(proof.scheme, "ntag424-aes") == 0 && strcmp(proof.uid, UID) == 0);
    CHECK(proof.assurance == PHYGITAL_ASSURANCE_DYNAMIC && proof.has_read_ctr && proof.read_ctr == 41);
    CHECK(proof.has_key_epoch && proof.key_epoch == 0 && proof.tag_tamper[0] == '\0');
    FINE(phygital_verifier_facts(verifier, &presented, NOON, &json));
    CHECK(strstr(json.data, "\"name\":\"uid\"") != NULL);
    FINE(phygital_text_free(&json));
    url.data[url.len - 1] = url.data[url.len - 1] == '0' ? '1' : '0';
    GIVES(TAP_FORGED, phygital_verifier_verify(verifier, &presented, 0, &proof));
    CHECK(proof.uid[0] == '\0' && strcmp(phygital_last_error_reason(), "mac_mismatch") == 0);
    presented.kind = PHYGITAL_PRESENTED_KIND_NDEF_MESSAGE;
    GIVES(TAP_MALFORMED, phygital_verifier_verify(verifier, &presented, 0, &proof));
    FINE(phygital_verifier_free(verifier));
    FINE(phygital_text_free(&url));

    presents_passes();
    FINE(phygital_assign_arm(S(EXPERIMENT), S("customer-1"), &json));
    CHECK(strcmp(json.data, "{\"status\":\"assigned\",\"arm\":\"send\"}") == 0);
    FINE(phygital_text_free(&json));
    GIVES(INVALID_ARGUMENT, phygital_assign_arm(S("{}"), S("customer-1"), &json));
    FINE(phygital_lint_text(S("New boots \xE2\x80\x99 bit.ly/3xY"), S("{\"brand\": \"Wren & Co\", \"is_first\": true}"), &json));
    CHECK(strstr(json.data, "{\"encoding\":\"UCS-2\",\"units\":22,\"segments\":1,") == json.data);
    CHECK(strstr(json.data, "brand_missing") != NULL && strstr(json.data, "short_link") != NULL);
    FINE(phygital_text_free(&json));
    FINE(phygital_classify_text(S("stop"), S(""), &json));
    CHECK(strstr(json.data, "{\"intent\":\"opt_out\",\"is_opt_out\":true,\"confidence\":100") != NULL);
    FINE(phygital_text_free(&json));
    FINE(phygital_classify_text(S("yes"), S("{\"pending\": \"yes_no\"}"), &json));
    CHECK(strstr(json.data, "answer_yes") != NULL);
    FINE(phygital_text_free(&json));
    FINE(phygital_rules(S("US-FL"), PHYGITAL_MESSAGE_CLASS_MARKETING, S(""), &json));
    CHECK(strstr(json.data, "\"id\":\"us_fl\"") != NULL && strstr(json.data, "gdpr_1m") == NULL);
    FINE(phygital_text_free(&json));
    FINE(phygital_check_rules(S("+13055550123"), PHYGITAL_MESSAGE_CLASS_MARKETING, NOON, NULL, 0, S(""), &json));
    CHECK(strstr(json.data, "\"allowed\":false") != NULL);
    CHECK(strstr(json.data, "\"next_allowed\":\"2026-11-21T13:00:00Z\"") != NULL);
    FINE(phygital_text_free(&json));
    FINE(phygital_normalize_identifier(S("phone:06 12 34 56 78"), S("FR"), &json));
    CHECK(strcmp(json.data, "phone:+33612345678") == 0);
    FINE(phygital_text_free(&json));
    GIVES(MALFORMED_IDENTIFIER, phygital_normalize_identifier(S("phone:06 12 34 56 78"), S(""), &json));
    FINE(phygital_attribute_paths(S("linear"), 2,
                                  S("[{\"path\": [\"ad\", \"email\", \"shop\"], \"conversions\": 1, \"minor\": 100}]"),
                                  &json));
    CHECK(strstr(json.data, "{\"channel\":\"ad\",\"minor\":34,\"millionths\":333334}") != NULL);
    FINE(phygital_text_free(&json));
}

int main(int count, char **arguments)
{
    phygital_store *store;
    phygital_tag_enrolled tag = phygital_tag_enrolled_init();
    phygital_receipt receipt = phygital_receipt_init();
    phygital_tap_outcome outcome = phygital_tap_outcome_init();
    char customer[40];
    if (count != 2) {
        return 2;
    }
    CHECK(strcmp(phygital_version(), PHYGITAL_VERSION) == 0);
    CHECK(phygital_abi_version() == PHYGITAL_ABI_VERSION);
    CHECK(strcmp(phygital_status_name(PHYGITAL_STATUS_TAP_REPLAYED), "tap_replayed") == 0);
    CHECK(strcmp(phygital_status_name(7), "unknown") == 0);
    CHECK(strcmp(phygital_last_error_message(), "") == 0);
    needs_no_store();
    store = open_store(arguments[1], "story.db");
    GIVES(TAP_NOT_COUNTED, tap(store, 0, NULL, &outcome));
    tag.uid = S(UID);
    tag.place = S("paris-1");
    FINE(phygital_enroll(store, &tag, &receipt));
    CHECK(receipt.is_new == 1);
    opts_in(store);
    is_known(store, customer);
    stands_among_all(store, customer);
    leaves(store, customer);
    consents_at_the_till(store);
    consents_with_a_receipt(store);
    talks(store);
    is_silent(store);
    has_rights(store);
    suspends(store);
    FINE(phygital_store_free(store));
    return ended("story");
}
