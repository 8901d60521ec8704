/** @file The story in C++. */
#include "phygital.hpp"

#include "check.h"

namespace {

template <typename Call>
phygital_status thrown(Call call) {
    try {
        call();
    } catch (const phygital::Error &error) {
        return error.status();
    }
    return PHYGITAL_STATUS_OK;
}

std::string link(std::uint32_t read_ctr) {
    phygital_soft_tag tag = phygital_soft_tag_init();
    tag.uid = phygital::lend(UID);
    tag.url_template = phygital::lend("tap.example/t?p={picc}&c={mac}");
    tag.file_read_key = phygital::lend(KEY);
    tag.meta_read_key = phygital::lend(KEY);
    tag.read_ctr = read_ctr;
    return phygital::simulate_tap(tag);
}

phygital::Store open(const std::string &folder) {
    const std::string path = folder + "/cpp.db";
    phygital_options options = phygital_options_init();
    options.path = phygital::lend(path);
    options.settings = phygital::lend(SETTINGS);
    options.keys = phygital::lend(KEYS);
    const phygital_str topic = phygital::lend(TOPIC);
    options.topics = &topic;
    options.topics_len = 1;
    options.clock = NOON;
    return phygital::Store(options);
}

void story(const phygital::Store &store) {
    phygital_tag_enrolled tag = phygital_tag_enrolled_init();
    tag.uid = phygital::lend(UID);
    CHECK(store.enroll(tag).is_new == 1);

    const std::string first = link(1);
    phygital::TapOutcome outcome = store.verify_tap(phygital::tap(phygital::url(first)));
    CHECK(!outcome.is_known() && outcome.notice() && outcome.opt_in_link() && !outcome.card());
    GIVES(TAP_REPLAYED, thrown([&] { store.verify_tap(phygital::tap(phygital::url(first))); }));
    try {
        store.verify_tap(phygital::tap(phygital::url(first)));
        CHECK(false);
    } catch (const phygital::Error &error) {
        CHECK(error.is_tap() && !error.is_storage() && error.reason() == "replayed" && *error.what() != '\0');
    }

    const std::string said = *outcome.opt_in_message();
    phygital_message_received message = phygital_message_received_init();
    message.id = phygital::lend("m-1");
    message.from = phygital::lend("+12015550123");
    message.body = phygital::lend(said);
    CHECK(store.record_message(message).is_new == 1);
    const std::vector<phygital::Action> due = store.due(10);
    CHECK(due.size() == 1 && due[0].action == "answer_message" && due[0].to == "phone:+12015550123");
    store.acknowledge(due[0].id, PHYGITAL_OUTCOME_DELIVERED);
    CHECK(store.due(10).empty());

    const std::string second = link(2);
    phygital_str identifier = phygital::lend("phone:+12015550123");
    phygital_tap_request request = phygital::tap(phygital::url(second));
    request.identifiers = &identifier;
    request.identifiers_len = 1;
    request.shown_to = PHYGITAL_ROLE_ASSOCIATE;
    outcome = store.verify_tap(request);
    CHECK(outcome.is_known() && outcome.card() && !outcome.notice());
    const phygital::TapOutcome moved = std::move(outcome);
    CHECK(store.find("phone:+12015550123") == moved.customer());
    CHECK(store.card(moved.customer(), PHYGITAL_ROLE_ASSOCIATE) == *moved.card());
    CHECK(store.person(moved.customer()).find("+12015550123") != std::string::npos);
    CHECK(store.permits(PHYGITAL_PURPOSE_RECOGNITION, "phone:+12015550123").allowed == 1);
    CHECK(store.record_all({"{}", "[]"}).find("refused") != std::string::npos);
    GIVES(MALFORMED_EVENT, thrown([&] { store.record("{}"); }));

    CHECK(store.explain("phone:+12015550123", "email:ada@shop.example").find("\"unknown\"") != std::string::npos);
    CHECK(store.review(5).find("\"questions\":[]") != std::string::npos && store.households() == "[]");
    CHECK(store.rfm(5).find("\"customers\":[]") != std::string::npos);
    GIVES(INVALID_ARGUMENT, thrown([&] { store.rfm(11); }));

    phygital_consent consent = phygital_consent_init();
    consent.contact = phygital::lend("phone:+12015550123");
    store.record_opt_out(consent);
    CHECK(store.card(moved.customer(), PHYGITAL_ROLE_ASSOCIATE).find("withdrawn") != std::string::npos);
    GIVES(NOT_PERMITTED, thrown([&] { store.profile(moved.customer(), PHYGITAL_PURPOSE_MARKETING); }));
    CHECK(store.attribute("last").find("\"causal\":false") != std::string::npos);
    store.suspend();
    GIVES(SUSPENDED, thrown([&] { store.identity(); }));
    store.resume();
    store.set_tag_status(UID, PHYGITAL_TAG_STATUS_RETIRED);
    CHECK(store.tag(UID).find("retired") != std::string::npos && store.tags("", 1).front() == '[');
    store.erase_customer(moved.customer());
    CHECK(!store.find("phone:+12015550123"));
}

void conversation(const phygital::Store &store) {
    const char *her = "phone:+12015550124";
    const std::uint32_t purposes[] = {PHYGITAL_PURPOSE_MARKETING};
    phygital_consent consent = phygital_consent_init();
    consent.contact = phygital::lend(her);
    consent.purposes = purposes;
    consent.purposes_len = 1;
    consent.method = PHYGITAL_CONSENT_METHOD_TILL;
    store.record_opt_in(consent);
    const std::string receipts = store.consent_receipts(her);
    CHECK(receipts.find("ISO/IEC TS 27560") != std::string::npos);
    const std::string one = receipts.substr(1, receipts.size() - 2);
    CHECK(store.import_consent(one, "//paper.example").find("\"recorded\":1") != std::string::npos);
    CHECK(store.segment_consent(her).find("SUBSCRIBED") != std::string::npos);
    CHECK(store.suppress(her, PHYGITAL_SUPPRESSION_CAUSE_GATEWAY, "21610").is_new == 1);
    CHECK(store.contact_state(her).find("\"blocked\"") != std::string::npos);
    store.set_clock(NOON + 60000000);
    store.lift_suppression(her, PHYGITAL_SUPPRESSION_CAUSE_GATEWAY);

    phygital_outgoing advert = phygital_outgoing_init();
    advert.id = phygital::lend("a-1");
    advert.to = phygital::lend(her);
    advert.text = phygital::lend("Wren & Co: new boots. Reply STOP to opt out");
    advert.message_class = PHYGITAL_MESSAGE_CLASS_MARKETING;
    advert.purpose = PHYGITAL_PURPOSE_MARKETING;
    const phygital_sending early = store.send(advert);
    CHECK(early.state == PHYGITAL_SENDING_STATE_REFUSED && std::string(early.reason) == "quiet_hours");
    CHECK(early.next_allowed == NOON + HOUR);
    CHECK(store.judge(advert).find("\"quiet_hours\"") != std::string::npos);
    store.set_clock(NOON + 2 * HOUR);
    CHECK(store.send(advert).state == PHYGITAL_SENDING_STATE_WAITS);

    phygital_message_received message = phygital_message_received_init();
    message.id = phygital::lend("m-0");
    message.from = phygital::lend("+12015550124");
    message.body = phygital::lend("hello");
    store.record_message(message);
    CHECK(store.open_topic(her, "fit") && !store.follow_up(her));
    message.id = phygital::lend("m-3");
    message.body = phygital::lend("the same as my sister");
    const phygital_receipt heard = store.hear(message, PHYGITAL_PROPOSAL_ANSWER, "39");
    CHECK(heard.is_new == 1 && store.followed(heard.event).find("attribute_stated") != std::string::npos);
    CHECK(store.hear(message, PHYGITAL_PROPOSAL_HAND_OVER).is_new == 0);
    GIVES(INVALID_ARGUMENT, thrown([&] { store.hear(message, 3); }));
    CHECK(store.follow_ups(10) == "[]");
    GIVES(MISUSE, thrown([&] { store.follow_ups(1001); }));
    GIVES(INVALID_ARGUMENT, thrown([&] { store.follow_ups(10, "the last"); }));

    message.id = phygital::lend("m-2");
    message.body = phygital::lend("STOP");
    const phygital_receipt stop = store.record_message(message);
    CHECK(store.followed(stop.event).find("opted_out") != std::string::npos);
    CHECK(std::string(store.send(advert).reason).empty());
    advert.id = phygital::lend("a-2");
    CHECK(std::string(store.send(advert).reason) == "withdrawn");

    phygital_rights_requested request = phygital_rights_requested_init();
    request.identifier = phygital::lend(her);
    request.right = PHYGITAL_RIGHT_ERASURE;
    store.request_right(request);
    CHECK(store.open_requests().find("\"erasure\"") != std::string::npos);
    const std::string customer = *store.find(her);
    CHECK(store.permits_customer(PHYGITAL_PURPOSE_MARKETING, customer).allowed == 0);
    store.correct(customer, "first_name", "Ada");
    CHECK(store.export_person(customer).find("\"Ada\"") != std::string::npos);
    CHECK(store.erase_customer(customer).find("\"notices\":0") != std::string::npos && !store.find(her));
    GIVES(UNKNOWN_CUSTOMER, thrown([&] { store.export_person(customer); }));
}

void without_store() {
    const phygital::Verifier verifier(KEYS);
    const std::string tapped = link(40);
    CHECK(std::string(verifier.verify(phygital::url(tapped)).uid) == UID);
    CHECK(verifier.facts(phygital::url(tapped)).find("read_ctr") != std::string::npos);
    GIVES(TAP_MALFORMED, thrown([&] { verifier.verify(phygital::url("https://tap.example/")); }));
    GIVES(MALFORMED_KEYS, thrown([] { phygital::Verifier("{"); }));
    CHECK(phygital::normalize_identifier("phone:06 12 34 56 78", "FR") == "phone:+33612345678");
    CHECK(phygital::assign_arm(EXPERIMENT, "customer-1") == "{\"status\":\"assigned\",\"arm\":\"send\"}");
    CHECK(phygital::lint_text("Hello", "{\"brand\": \"Wren\"}").find("GSM-7") != std::string::npos);
    CHECK(phygital::classify_text("stop").find("\"opt_out\"") != std::string::npos);
    CHECK(phygital::rules("US-FL").find("us_fl") != std::string::npos);
    CHECK(phygital::check_rules("+13055550123", PHYGITAL_MESSAGE_CLASS_MARKETING, NOON, {NOON - HOUR}).find("us_fl") !=
          std::string::npos);
    GIVES(MALFORMED_RULES, thrown([] { phygital::rules("", 0, "{"); }));
    CHECK(phygital::attribute_paths("first", 2, "[]").find("\"channels\":[]") != std::string::npos);
}

}  // namespace

int main(int count, char **arguments) {
    if (count != 2) {
        return 2;
    }
    const phygital::Store opened = open(arguments[1]);
    story(opened);
    conversation(opened);
    without_store();
    return ended("story in C++");
}
