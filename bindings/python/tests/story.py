"""The story in Python: python3 story.py FOLDER VECTORS, with the package `phygital` installed."""

import json
import pathlib
import sys
import threading
from datetime import datetime, timedelta, timezone

from phygital import (
    ConsentMethod,
    MessageClass,
    MessageReceived,
    OptedIn,
    OptedOut,
    Options,
    Outcome,
    Outgoing,
    PathRow,
    Phygital,
    PhygitalError,
    Presented,
    Proposal,
    Purpose,
    Recognition,
    Recorded,
    Right,
    RightsRequested,
    Role,
    SoftTag,
    SuppressionCause,
    TagEnrolled,
    TagStatus,
    TapRequest,
    TextContext,
    TextStyle,
    Assurance,
    Verifier,
    assign_arm,
    attribute_paths,
    check_rules,
    classify_text,
    lint_text,
    normalize_identifier,
    rules,
    simulate_tap,
    version,
)

UID = "04a1b2c3d4e5f6"
KEY = "5ace7e50ab65d5d51fd5bf5a16b8205b"
KEYS = json.dumps({"file_read_key": KEY, "meta_read_key": KEY})
NUMBER = "phone:+12015550123"
SETTINGS = json.dumps({
    "brand": "Wren & Co",
    "notice": {
        "id": "tap-sms-1",
        "text": "Text us the code to be known here. Reply STOP to leave.",
        "sender": "+12015550101",
        "purposes": ["recognition", "personalization", "measurement"],
    },
})
NOON = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=timezone.utc)

passed = 0
failed = 0


def check(holds, what):
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
        print(f"not so: {what}", file=sys.stderr)


def code(call, *arguments):
    """The number of the error that a call gives; 0 where it gives none."""
    try:
        call(*arguments)
    except PhygitalError as error:
        check(str(error.code) in str(error), "an error says its number")
        return error.code
    return 0


def link(read_ctr):
    return simulate_tap(SoftTag(uid=UID, template="tap.example/t?p={picc}&c={mac}", file_read_key=KEY,
                                meta_read_key=KEY, read_ctr=read_ctr))


def tap(read_ctr, **more):
    return TapRequest(presented=Presented.URL(link(read_ctr)), **more)


def message(id, body):
    return MessageReceived(id=id, _from="+1 201 555 0123", body=body)


def story(path):
    till = Phygital.open(Options(path=str(path), settings=SETTINGS, keys=KEYS, clock=NOON, seed=b"story"))
    check(code(till.verify_tap, tap(0)) == 211, "a tag that is not enrolled")
    check(till.enroll(TagEnrolled(uid=UID, place="paris-1")).is_new, "a tag is enrolled")
    first = till.verify_tap(tap(1))
    check(isinstance(first.recognition, Recognition.ANONYMOUS), "nobody knows her yet")
    check(first.proof.read_ctr == 2 and first.place == "paris-1", "what was proven")
    check(first.opt_in.link.startswith("sms:+12015550101?&body=JOIN%20"), "a link")
    check(first.opt_in.expires_at > NOON and first.opt_in.expires_at.microsecond == 123456, "microseconds")
    check(code(till.verify_tap, tap(1)) == 210, "a copied link")

    check(till.record_message(message("m-1", first.opt_in.message)).is_new, "a text")
    check(till.record_message(message("m-1", first.opt_in.message)).received_at == NOON, "the same text")
    check(code(till.record_message, message("m-1", "other")) == 111, "another text of that name")
    due = till.due(10)
    check([one.action for one in due] == ["answer_message"] and due[0].to == NUMBER, "an answer is due")
    till.acknowledge(due[0].id, Outcome.DELIVERED)
    check(till.due(10) == [], "nothing is due")
    check(code(till.acknowledge, "never", Outcome.FAILED) == 403, "an action that never was")

    known = till.verify_tap(tap(2, identifiers=[NUMBER], shown_to=Role.ASSOCIATE))
    check(isinstance(known.recognition, Recognition.KNOWN), "she is known")
    customer = known.recognition.customer
    check(till.find(NUMBER) == customer and NUMBER in till.person(customer).identifiers, "who she is")
    check(json.loads(known.card)["customer"] == customer, "her card")
    check(till.permits(Purpose.RECOGNITION, NUMBER).reasons == ["granted"], "why she is known")
    order = json.dumps({
        "specversion": "1.0", "id": "o-1", "source": "//till/1", "type": "com.phygital.order_completed",
        "time": "2026-11-21T12:00:00Z",
        "data": {"identifiers": {"phone": "+12015550123"}, "place": "paris-1", "properties": {
            "order_id": "o-1", "revenue": 149.90, "currency": "EUR",
            "products": [{"sku": "BOOT-38", "category": "Shoes", "size": "38"}]}},
    })
    new, refused, again = till.record_all([order, "{}", order])
    check(isinstance(new, Recorded.ACCEPTED) and new.receipt.is_new, "an order")
    check(isinstance(refused, Recorded.REFUSED) and refused.code == 110, "no event")
    check(not again.receipt.is_new, "the same order")
    check("BOOT-38" in till.card(customer, Role.ASSOCIATE), "what she bought")
    earned = till.attribute("linear")
    total = sum(channel.minor for channel in earned.channels) + earned.unattributed.minor
    check(total == 14990 == earned.total.minor and earned.currency == "EUR", "what channels earned")
    check(till.attribute("time-decay").total == earned.total, "what they earned by the age of touches")
    apart = json.loads(till.explain(NUMBER, "loyalty:L-7"))
    check((apart["same"], apart["reason"]) == (False, "unknown"), "why they are two")
    check(json.loads(till.explain(NUMBER, NUMBER))["same"], "why they are one")
    check(json.loads(till.review(10)) == {"questions": [], "crowded": 0}, "nothing is doubtful")
    check(json.loads(till.households()) == [], "nobody lives together")
    stands = json.loads(till.rfm(5, None))["customers"]
    check([one["customer"] for one in stands] == [customer] and stands[0]["minor"] == 14990, "how she stands")
    check(code(till.rfm, 11, None) == 106, "no such number of classes")

    till.record_opt_out(OptedOut(contact=NUMBER))
    check(json.loads(till.card(customer, Role.MANAGER))["withheld"] == ["withdrawn"], "she left")
    check(code(till.profile, customer, Purpose.PERSONALIZATION) == 301, "her profile")
    check(till.erase_identifier(NUMBER).identifiers == 1 and till.find(NUMBER) is None, "she is forgotten")
    till.record_opt_in(OptedIn(contact="email:ada@shop.example", purposes=[Purpose.MARKETING],
                               method=ConsentMethod.PAPER, expires_at=NOON + timedelta(minutes=1)))
    check(till.permits(Purpose.MARKETING, "email:ada@shop.example").allowed, "consent on paper")
    till.set_clock(NOON + timedelta(minutes=1))
    check(till.permits(Purpose.MARKETING, "email:ada@shop.example").reasons == ["expired"], "and its end")
    till.set_tag_status(UID, TagStatus.LOST)
    check(till.tag(UID).status == TagStatus.LOST and till.tags(None, 10)[0].uid == UID, "a lost tag")

    before = till.identity()
    till.suspend()
    check(code(till.identity) == 601, "suspended")
    till.resume()
    check(till.identity().device == before.device, "resumed")
    if hasattr(till, "test_panic_within"):
        check(code(till.test_panic_within) == 901 and code(till.identity) == 601, "a panic")
        till.resume()
        check(till.identity().epoch == 1, "after a panic")


ADA = "phone:+12015550124"
BEA = "phone:+12015550125"
TOPIC = json.dumps({
    "version": 1, "id": "fit", "languages": ["en"], "purpose": "marketing", "days": 3, "start": "size",
    "steps": {
        "size": {"ask": {"en": "{{ brand }}: which shoe size?"}, "attribute": "size.shoes",
                 "answer": {"type": "number", "min": 30, "max": 50}, "then": "thanks"},
        "thanks": {"say": {"en": "Thank you."}, "then": "end"},
    },
})


def conversation(path):
    """Another one consents, is written to at lawful hours, answers, leaves, and is forgotten."""
    till = Phygital.open(Options(path=str(path), settings=SETTINGS, topics=[TOPIC], clock=NOON, seed=b"story"))
    till.record_opt_in(OptedIn(contact=ADA, purposes=[Purpose.MARKETING], method=ConsentMethod.PAPER,
                               notice_id="tap-sms-1", evidence=["paper 8"]))
    [receipt] = json.loads(till.consent_receipts(ADA, None))
    check(receipt["schema_version"] == "ISO/IEC TS 27560:2023", "a receipt")
    check(receipt["record"]["events"][0]["evidence"] == ["paper 8"], "with its evidence")
    check(till.import_consent(json.dumps(receipt), "//paper.example").recorded == 1, "a receipt of another shop")
    check(till.import_consent(json.dumps(receipt), "//paper.example").known == 1, "the same receipt")
    check(code(till.import_consent, "{}", "//paper.example") == 118, "no receipt")
    till.suppress(ADA, SuppressionCause.CARRIER, "21610")
    check(till.permits(Purpose.MARKETING, ADA).suppressed_by == ["carrier"], "a carrier blocks it")
    till.set_clock(NOON + timedelta(minutes=1))
    till.lift_suppression(ADA, SuppressionCause.CARRIER)
    check("SUBSCRIBED" in till.segment_consent(ADA), "as Segment has it")

    def advert(id, text="Wren & Co: new boots. Reply STOP to opt out"):
        return Outgoing(id=id, to=ADA, message_class=MessageClass.MARKETING, purpose=Purpose.MARKETING, text=text)

    # Noon in UTC is seven in the morning in New Jersey.
    early = till.send(advert("a-1"))
    check(early.receipt is None and early.verdict.reasons == ["quiet_hours"], "quiet hours")
    check(early.verdict.next_allowed == NOON.replace(hour=13, microsecond=0), "until eight")
    check("us_federal" in early.verdict.rules and till.due(10) == [], "by which rule")
    till.set_clock(NOON + timedelta(hours=2))
    sent = till.send(advert("a-1"))
    check(sent.receipt.is_new and sent.verdict.expires_at > NOON + timedelta(hours=2), "a lawful hour")
    check([one.id for one in till.due(10)] == ["a-1"], "it waits")
    check(till.send(advert("a-1")).verdict is None, "asking twice is asking once")
    check(till.judge(advert("a-2", "Boots at bit.ly/3xY")).findings[0].fault == "short_link", "a bad text")

    def texts(id, body):
        said = till.record_message(MessageReceived(id=id, _from="+12015550124", body=body))
        return [event["type"].removeprefix("com.phygital.") for event in json.loads(till.followed(said.event))]

    check(texts("m-1", "hello") == [], "nothing is asked")
    check(till.open_topic(ADA, "fit", None).said and not till.open_topic(ADA, "fit", None).said, "a topic")
    check(json.loads(till.contact_state(ADA))["topic"]["question"] == "size", "a question waits")
    check(not till.follow_up(ADA).said, "she has time")
    check(till.follow_ups(None, 10) == [], "so nothing is due")
    unread = MessageReceived(id="m-2", _from="+12015550124", body="the same as my sister")
    heard = till.hear(unread, Proposal.ANSWER("39"))
    check("attribute_stated" in till.followed(heard.event), "a model reads what no rule does")
    check(not till.hear(unread, Proposal.HAND_OVER()).is_new, "a text counts once")

    till.record_opt_in(OptedIn(contact=BEA, purposes=[Purpose.MARKETING], method=ConsentMethod.PAPER))
    till.record_message(MessageReceived(id="m-b", _from="+12015550125", body="hello"))
    check(till.open_topic(BEA, "fit", None).said, "another one is asked")
    till.set_clock(NOON + timedelta(days=3, hours=2))
    [due] = till.follow_ups(None, 10)
    check((due.contact, due.topic, due.due) == (BEA, "fit", NOON + timedelta(days=3, hours=2)), "her silence is due")
    check(till.follow_ups(due.place, 10) == [] and till.follow_ups(None, 0) == [], "in pages")
    check(code(till.follow_ups, None, 1001) == 115 and code(till.follow_ups, "the last", 1) == 106, "no page")
    check(BEA not in str(due) and "39" not in str(Proposal.ANSWER("39")), "nothing of it is printed")
    till.follow_up(BEA)
    check(till.follow_ups(None, 10) == [], "it is followed up")
    till.record_message(MessageReceived(id="m-c", _from="+12015550125", body="hello again"))
    check(till.open_topic(BEA, "fit", None).said, "and she is asked anew")
    over = till.hear(MessageReceived(id="m-d", _from="+12015550125", body="ask my sister"), Proposal.HAND_OVER())
    check("conversation_handed_over" in till.followed(over.event), "a person takes over")
    check(code(till.open_topic, ADA, "never", None) == 115, "no topic")
    check("opted_out" in texts("m-3", "STOP"), "she leaves")
    check(till.send(advert("a-3")).verdict.reasons == ["withdrawn"], "and is left alone")

    asked = RightsRequested(identifier=ADA, right=Right.ACCESS, jurisdiction="US-CA", id="r-1")
    check(till.request_right(asked).is_new and not till.request_right(asked).is_new, "a request")
    [request] = json.loads(till.open_requests())
    check(request["right"] == "access" and not request["is_overdue"], "it waits")
    customer = till.find(ADA)
    till.correct(customer, "first_name", "Ada")
    export = json.loads(till.export_person(customer))
    facts = {fact["attribute"]: fact["value"] for fact in export["facts"]}
    check(facts["first_name"] == "Ada" and "size.shoes" in facts, "all that is kept of her")
    till.request_right(RightsRequested(identifier=ADA, right=Right.OPT_OUT))
    check(not till.permits_customer(Purpose.ADVERTISING, customer).allowed, "nothing is sold")
    check(till.erase_customer(customer).notices == 0 and code(till.export_person, customer) == 401, "forgotten")
    check("secret" not in str(advert("a", "secret")) and ADA not in repr(asked), "nothing personal is printed")


def threads(path):
    tills = [Phygital.open(Options(path=str(path))) for _ in range(2)]

    def event(thread, number):
        return json.dumps({
            "specversion": "1.0", "id": f"e-{number}", "source": f"//till/{thread}",
            "type": "com.phygital.visit_started", "time": "2026-11-21T12:00:00Z",
            "data": {"identifiers": {"loyalty": f"L-{number}"}, "place": "paris-1"},
        })

    fresh = []

    def work(thread):
        fresh.extend(tills[thread % 2].record(event(thread, number)).is_new for number in range(5))

    workers = [threading.Thread(target=work, args=(thread,)) for thread in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    check(fresh == [True] * 40, "eight threads lose nothing")
    known = [tills[0].record(event(thread, number)).is_new for thread in range(8) for number in range(5)]
    check(known == [False] * 40, "and double nothing")


def without_store():
    verifier = Verifier.from_json(KEYS)
    proof = verifier.verify(Presented.URL(link(40)), None)
    check((proof.scheme, proof.uid, proof.read_ctr) == ("ntag424-aes", UID, 41), "a tap")
    check(code(verifier.verify, Presented.NDEF_MESSAGE(bytes(4)), NOON) == 201, "no tap")
    check(code(Verifier.from_json, "{") == 112, "no keys")
    google = Presented.GOOGLE_PASS(20180608, "ly", b"", b"42", Assurance.LIVE)
    check(verifier.verify(google, NOON).assurance == Assurance.LIVE, "a pass of Google Wallet")
    apple = Presented.APPLE_PASS("pass.example.loyalty", b"42", NOON, Assurance.LIVE)
    check(verifier.verify(apple, NOON).assurance == Assurance.DYNAMIC, "a pass of Apple Wallet")
    check(code(verifier.verify, Presented.APPLE_VAS("pass.example", bytes(4)), NOON) == 203, "nobody's pass")
    arms = json.dumps({"seed": "winback-2026", "arms": [{"arm": "hold", "weight": 0.3}, {"arm": "send", "weight": 0.7}]})
    check(assign_arm(arms, "customer-1").arm == "send", "an arm")
    check(code(assign_arm, "{}", "customer-1") == 106, "no experiment")
    linted = lint_text("New boots \u2019 bit.ly/3xY", TextStyle(brand="Wren & Co", is_first=True))
    check((linted.encoding, linted.units, linted.segments) == ("UCS-2", 22, 1), "what a text costs")
    check([one.fault for one in linted.findings] == ["brand_missing", "opt_out_missing", "short_link"], "and lacks")
    check(classify_text("stop", TextContext()).is_opt_out, "a wish to be left alone")
    check(classify_text("yes", TextContext(pending="yes_no")).intent == "answer_yes", "an answer")
    check(code(classify_text, "yes", TextContext(pending="maybe")) == 106, "no such question")
    florida = [rule["id"] for rule in json.loads(rules("US-FL", MessageClass.MARKETING, ""))]
    check("us_fl" in florida and code(rules, None, None, "{") == 119, "rules")
    told = json.loads(check_rules("+13055550123", MessageClass.MARKETING, NOON, [], ""))
    check(not told["allowed"] and told["next_allowed"] == "2026-11-21T13:00:00Z", "quiet hours of a number")
    check(normalize_identifier("phone:06 12 34 56 78", "FR") == "phone:+33612345678", "a number")
    check(code(normalize_identifier, "phone:06 12 34 56 78", None) == 114, "a number of no country")
    rows = [PathRow(path=["ad", "email", "shop"], conversions=1, minor=100, nulls=0)]
    earned = attribute_paths("linear", 2, rows)
    check([channel.minor for channel in earned.channels] == [34, 33, 33], "cents")
    check(code(attribute_paths, "guess", 2, rows) == 117, "no model")
    check(version().count(".") == 2, "a version")


def sequences(folder, vectors):
    """Taps in sequence: accepted, refused as copies, refused as forged."""
    steps = 0
    for number, sequence in enumerate(json.loads((vectors / "taps/replay_sequences.json").read_text())):
        meta = {"meta_read_key": sequence["meta_read_key"]} if "meta_read_key" in sequence else {}
        keys = json.dumps([{"file_read_key": key, "epoch": epoch, **meta}
                           for epoch, key in enumerate(sequence["file_read_keys"])])
        settings = json.dumps({"failure_limits": {"of_source": 1_000_000, "of_tag": 1_000_000}})
        till = Phygital.open(Options(path=str(folder / f"sequence-{number}.db"), keys=keys, settings=settings))
        verifier = Verifier.from_json(keys)
        for step in sequence["steps"]:
            if "url" not in step:
                continue
            presented = Presented.URL(step["url"])
            try:
                uid = verifier.verify(presented, NOON).uid
                if till.tag(uid) is None:
                    till.enroll(TagEnrolled(uid=uid))
            except PhygitalError:
                pass
            try:
                till.verify_tap(TapRequest(presented=presented))
                found = "accept"
            except PhygitalError as error:
                found = "replay" if error.reason == "replayed" else error.reason
            check(found == step["expect"], f"{sequence['id']}: {found}, expected {step['expect']}")
            steps += 1
    check(steps > 20, "sequences of taps")


def main():
    folder = pathlib.Path(sys.argv[1])
    story(folder / "story-python.db")
    conversation(folder / "conversation-python.db")
    threads(folder / "threads-python.db")
    without_store()
    sequences(folder, pathlib.Path(sys.argv[2]))
    print(f"story in Python: {passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
