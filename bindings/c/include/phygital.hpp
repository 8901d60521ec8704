/**
 * @file phygital.hpp
 * Phygital for C++17: what phygital.h says, with handles that free themselves and failures that are thrown.
 *
 * Texts go in as std::string_view and come out as std::string. Structs that are filled in are those of phygital.h.
 */
#ifndef PHYGITAL_HPP
#define PHYGITAL_HPP

#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "phygital.h"

namespace phygital {

/** Why something was not done. what() is for the developer and holds nothing personal. */
class Error : public std::runtime_error {
public:
    Error(phygital_status status, const char *reason, const char *message)
        : std::runtime_error(message), status_(status), reason_(reason) {}

    /** The number: its hundreds are a family. */
    phygital_status status() const noexcept { return status_; }
    /** A stable word, finer than the number: `mac_mismatch`, `withdrawn`. */
    const std::string &reason() const noexcept { return reason_; }
    /** Whether the tap does not count: ask to tap again. */
    bool is_tap() const noexcept { return family() == 2; }
    /** Whether the store failed: try again, or call the operator. */
    bool is_storage() const noexcept { return family() == 5; }

private:
    int family() const noexcept { return static_cast<int>(status_) / 100; }

    phygital_status status_;
    std::string reason_;
};

/** Throws what a call failed with. */
inline void check(phygital_status status) {
    if (status != PHYGITAL_STATUS_OK) {
        throw Error(status, phygital_last_error_reason(), phygital_last_error_message());
    }
}

/** Lends a text to a call. */
inline phygital_str lend(std::string_view text) noexcept {
    phygital_str lent;
    lent.data = text.data();
    lent.len = text.size();
    return lent;
}

/** Lends bytes to a call. */
inline phygital_bytes lend_bytes(std::string_view bytes) noexcept {
    phygital_bytes lent;
    lent.data = reinterpret_cast<const std::uint8_t *>(bytes.data());
    lent.len = bytes.size();
    return lent;
}

/** A URL as it was presented. It has to live as long as what it is put into. */
inline phygital_presented url(std::string_view url) noexcept {
    phygital_presented presented{};
    presented.kind = PHYGITAL_PRESENTED_KIND_URL;
    presented.data = lend_bytes(url);
    return presented;
}

/** A tap with nothing but what was presented. */
inline phygital_tap_request tap(phygital_presented presented) noexcept {
    phygital_tap_request request = phygital_tap_request_init();
    request.presented = presented;
    return request;
}

namespace detail {

/** A text of the library's, while it is copied. */
class Text {
public:
    Text() noexcept : text_{} {}
    ~Text() { phygital_text_free(&text_); }
    Text(const Text &) = delete;
    Text &operator=(const Text &) = delete;

    phygital_text *place() noexcept { return &text_; }
    std::string copy() const { return std::string(text_.data, text_.len); }

private:
    phygital_text text_;
};

template <typename Handle, phygital_status (*Free)(Handle *)>
struct Freed {
    void operator()(Handle *handle) const noexcept { Free(handle); }
};

/** A text that a call gives. */
template <typename Call>
std::string text_of(Call call) {
    Text text;
    check(call(text.place()));
    return text.copy();
}

}  // namespace detail

/** What a tap came to. */
class TapOutcome {
public:
    TapOutcome() noexcept : outcome_(phygital_tap_outcome_init()) {}
    ~TapOutcome() { phygital_tap_outcome_free(&outcome_); }
    TapOutcome(TapOutcome &&other) noexcept : outcome_(std::exchange(other.outcome_, phygital_tap_outcome_init())) {}
    TapOutcome &operator=(TapOutcome &&other) noexcept {
        std::swap(outcome_, other.outcome_);
        return *this;
    }
    TapOutcome(const TapOutcome &) = delete;
    TapOutcome &operator=(const TapOutcome &) = delete;

    /** Everything, as phygital.h has it. */
    const phygital_tap_outcome &get() const noexcept { return outcome_; }
    const phygital_tap_outcome *operator->() const noexcept { return &outcome_; }
    /** Where a call puts it. */
    phygital_tap_outcome *place() noexcept { return &outcome_; }

    bool is_known() const noexcept { return outcome_.recognition == PHYGITAL_RECOGNITION_KNOWN; }
    std::string customer() const { return outcome_.customer; }
    /** The card as JSON, where it was asked for and she is known. */
    std::optional<std::string> card() const { return maybe(outcome_.card); }
    /** The notice to be shown, where something is offered. */
    std::optional<std::string> notice() const { return maybe(outcome_.notice); }
    /** The link to show it with. */
    std::optional<std::string> opt_in_link() const { return maybe(outcome_.opt_in_link); }
    /** What she is to text. */
    std::optional<std::string> opt_in_message() const { return maybe(outcome_.opt_in_message); }

private:
    static std::optional<std::string> maybe(const phygital_text &text) {
        if (text.data == nullptr) {
            return std::nullopt;
        }
        return std::string(text.data, text.len);
    }

    phygital_tap_outcome outcome_;
};

/** Something for the host to carry out. */
struct Action {
    std::string id;
    std::string action;
    std::string to;
    std::string text;
    /** Microseconds since 1970, UTC; 0 for no end. */
    std::int64_t expires_at;
    /** A phygital_purpose; 0 where there is none. */
    std::uint32_t purpose;
};

/** Keys, read once: judges taps without a store. Safe to use from any thread. */
class Verifier {
public:
    explicit Verifier(std::string_view keys) {
        phygital_verifier *verifier = nullptr;
        check(phygital_verifier_new(lend(keys), &verifier));
        handle_.reset(verifier);
    }

    /** Judges what was presented at a time, the system's where it is 0. */
    phygital_tap_proof verify(const phygital_presented &presented, std::int64_t at = 0) const {
        phygital_tap_proof proof = phygital_tap_proof_init();
        check(phygital_verifier_verify(handle_.get(), &presented, at, &proof));
        return proof;
    }

    /** The same with all that the token says, as JSON. */
    std::string facts(const phygital_presented &presented, std::int64_t at = 0) const {
        return detail::text_of([&](phygital_text *json) {
            return phygital_verifier_facts(handle_.get(), &presented, at, json);
        });
    }

private:
    std::unique_ptr<phygital_verifier, detail::Freed<phygital_verifier, phygital_verifier_free>> handle_;
};

/** An open store. Safe to use from any thread; calls wait for each other. */
class Store {
public:
    explicit Store(const phygital_options &options) {
        phygital_store *store = nullptr;
        check(phygital_open(&options, &store));
        handle_.reset(store);
    }

    /** The handle, for calls of phygital.h. */
    phygital_store *get() const noexcept { return handle_.get(); }

    void suspend() const { check(phygital_suspend(get())); }
    void resume() const { check(phygital_resume(get())); }
    /** JSON: `device`, `epoch`, `incarnation`. */
    std::string identity() const {
        return detail::text_of([&](phygital_text *json) { return phygital_identity(get(), json); });
    }
    /** For tests: this time in the place of the system's; 0 gives it back its place. */
    void set_clock(std::int64_t micros) const { check(phygital_set_clock(get(), micros)); }

    phygital_receipt enroll(const phygital_tag_enrolled &tag) const {
        return receipt([&](phygital_receipt *receipt) { return phygital_enroll(get(), &tag, receipt); });
    }
    void set_tag_status(std::string_view uid, std::uint32_t status) const {
        check(phygital_set_tag_status(get(), lend(uid), status));
    }
    /** JSON; `null` where it is not in the registry. */
    std::string tag(std::string_view uid) const {
        return detail::text_of([&](phygital_text *json) { return phygital_tag(get(), lend(uid), json); });
    }
    /** JSON: a list. */
    std::string tags(std::string_view after, std::uint32_t most) const {
        return detail::text_of(
            [&](phygital_text *json) { return phygital_tags(get(), lend(after), most, json); });
    }

    /** Verifies a tap, records it, and says who it is. Throws an Error that is_tap() where it does not count. */
    TapOutcome verify_tap(const phygital_tap_request &request) const {
        TapOutcome outcome;
        check(phygital_verify_tap(get(), &request, outcome.place()));
        return outcome;
    }

    phygital_receipt record(std::string_view event) const {
        return receipt(
            [&](phygital_receipt *receipt) { return phygital_record(get(), lend(event), receipt); });
    }
    /** JSON: an answer for each. */
    std::string record_all(const std::vector<std::string_view> &events) const {
        std::vector<phygital_str> lent;
        lent.reserve(events.size());
        for (std::string_view event : events) {
            lent.push_back(lend(event));
        }
        return detail::text_of([&](phygital_text *json) {
            return phygital_record_all(get(), lent.data(), lent.size(), json);
        });
    }
    phygital_receipt record_message(const phygital_message_received &message) const {
        return receipt([&](phygital_receipt *receipt) {
            return phygital_record_message(get(), &message, receipt);
        });
    }
    phygital_receipt record_opt_in(const phygital_consent &consent) const {
        return receipt([&](phygital_receipt *receipt) {
            return phygital_record_opt_in(get(), &consent, receipt);
        });
    }
    phygital_receipt record_opt_out(const phygital_consent &consent) const {
        return receipt([&](phygital_receipt *receipt) {
            return phygital_record_opt_out(get(), &consent, receipt);
        });
    }
    /** JSON: what it came to. */
    std::string erase_identifier(std::string_view identifier) const {
        return detail::text_of([&](phygital_text *json) {
            return phygital_erase_identifier(get(), lend(identifier), json);
        });
    }
    /** JSON: what it came to. */
    std::string erase_customer(std::string_view customer) const {
        return detail::text_of([&](phygital_text *json) {
            return phygital_erase_customer(get(), lend(customer), json);
        });
    }

    /** The customer that an identifier belongs to; nothing where no event names it. */
    std::optional<std::string> find(std::string_view identifier) const {
        char customer[40];
        const phygital_status status = phygital_find(get(), lend(identifier), customer);
        if (status == PHYGITAL_STATUS_UNKNOWN_IDENTIFIER) {
            return std::nullopt;
        }
        check(status);
        return std::string(customer);
    }
    /** JSON: `customer`, `identifiers`. */
    std::string person(std::string_view customer) const {
        return detail::text_of(
            [&](phygital_text *json) { return phygital_person(get(), lend(customer), json); });
    }
    /** JSON. */
    std::string card(std::string_view customer, std::uint32_t role) const {
        return detail::text_of(
            [&](phygital_text *json) { return phygital_card(get(), lend(customer), role, json); });
    }
    /** JSON. */
    std::string profile(std::string_view customer, std::uint32_t purpose) const {
        return detail::text_of(
            [&](phygital_text *json) { return phygital_profile(get(), lend(customer), purpose, json); });
    }
    phygital_decision permits(std::uint32_t purpose, std::string_view contact) const {
        phygital_decision decision = phygital_decision_init();
        check(phygital_permits(get(), purpose, lend(contact), &decision));
        return decision;
    }

    phygital_decision permits_customer(std::uint32_t purpose, std::string_view customer) const {
        phygital_decision decision = phygital_decision_init();
        check(phygital_permits_customer(get(), purpose, lend(customer), &decision));
        return decision;
    }
    /** JSON: receipts after ISO/IEC TS 27560, of one purpose or of all (0). */
    std::string consent_receipts(std::string_view contact, std::uint32_t purpose = 0) const {
        return detail::text_of([&](phygital_text *json) {
            return phygital_consent_receipts(get(), lend(contact), purpose, json);
        });
    }
    /** JSON: what is permitted as Segment has it. */
    std::string segment_consent(std::string_view contact) const {
        return detail::text_of(
            [&](phygital_text *json) { return phygital_segment_consent(get(), lend(contact), json); });
    }
    /** JSON: what came of consent that another system kept. */
    std::string import_consent(std::string_view consent, std::string_view source) const {
        return detail::text_of([&](phygital_text *json) {
            return phygital_import_consent(get(), lend(consent), lend(source), json);
        });
    }
    phygital_receipt suppress(std::string_view contact, std::uint32_t cause, std::string_view code = {}) const {
        return receipt([&](phygital_receipt *receipt) {
            return phygital_suppress(get(), lend(contact), cause, lend(code), receipt);
        });
    }
    phygital_receipt lift_suppression(std::string_view contact, std::uint32_t cause) const {
        return receipt([&](phygital_receipt *receipt) {
            return phygital_lift_suppression(get(), lend(contact), cause, receipt);
        });
    }
    /** JSON: where a contact point stands. */
    std::string contact_state(std::string_view contact) const {
        return detail::text_of(
            [&](phygital_text *json) { return phygital_contact_state(get(), lend(contact), json); });
    }

    phygital_receipt request_right(const phygital_rights_requested &request) const {
        return receipt([&](phygital_receipt *receipt) {
            return phygital_request_right(get(), &request, receipt);
        });
    }
    /** JSON: a list. */
    std::string open_requests() const {
        return detail::text_of([&](phygital_text *json) { return phygital_open_requests(get(), json); });
    }
    /** JSON: all that is kept of her. */
    std::string export_person(std::string_view customer) const {
        return detail::text_of(
            [&](phygital_text *json) { return phygital_export_person(get(), lend(customer), json); });
    }
    phygital_receipt correct(std::string_view customer, std::string_view attribute, std::string_view value) const {
        return receipt([&](phygital_receipt *receipt) {
            return phygital_correct(get(), lend(customer), lend(attribute), lend(value), receipt);
        });
    }

    /** JSON: what the gate says of a message now. */
    std::string judge(const phygital_outgoing &message) const {
        return detail::text_of([&](phygital_text *json) { return phygital_judge(get(), &message, json); });
    }
    /** Asks for a message to be sent. That it does not go out is an answer, and nothing is thrown. */
    phygital_sending send(const phygital_outgoing &message) const {
        phygital_sending sending = phygital_sending_init();
        check(phygital_send(get(), &message, &sending, nullptr));
        return sending;
    }
    /** Whether something was said; judge() tells why not. */
    bool open_topic(std::string_view contact, std::string_view topic, std::string_view language = {}) const {
        std::uint32_t said = 0;
        check(phygital_open_topic(get(), lend(contact), lend(topic), lend(language), &said, nullptr));
        return said != 0;
    }
    /** Takes in a text with what somebody else makes of it, a phygital_proposal; of an answer with the answer. */
    phygital_receipt hear(const phygital_message_received &message, std::uint32_t proposal,
                          std::string_view answer = {}) const {
        return receipt([&](phygital_receipt *receipt) {
            return phygital_hear(get(), &message, proposal, lend(answer), receipt);
        });
    }
    /** JSON: at most `most` topics that are to be followed up, behind the `place` of one. */
    std::string follow_ups(std::uint32_t most, std::string_view behind = {}) const {
        return detail::text_of(
            [&](phygital_text *json) { return phygital_follow_ups(get(), lend(behind), most, json); });
    }
    /** Whether something was said. */
    bool follow_up(std::string_view contact) const {
        std::uint32_t said = 0;
        check(phygital_follow_up(get(), lend(contact), &said, nullptr));
        return said != 0;
    }
    /** JSON: the events that were decided because of one, by the key of its receipt. */
    std::string followed(std::string_view event) const {
        return detail::text_of(
            [&](phygital_text *json) { return phygital_followed(get(), lend(event), json); });
    }

    /** At most `most` actions to carry out now. */
    std::vector<Action> due(std::uint32_t most) const {
        phygital_actions *list = nullptr;
        check(phygital_due(get(), most, &list));
        const std::unique_ptr<phygital_actions, detail::Freed<phygital_actions, phygital_actions_free>> freed(list);
        std::vector<Action> actions;
        for (std::size_t at = 0; at < phygital_actions_len(list); at++) {
            phygital_action action = phygital_action_init();
            check(phygital_actions_get(list, at, &action));
            actions.push_back(Action{kept(action.id), kept(action.action), kept(action.to), kept(action.text),
                                     action.expires_at, action.purpose});
        }
        return actions;
    }
    void acknowledge(std::string_view id, std::uint32_t outcome) const {
        check(phygital_acknowledge(get(), lend(id), outcome));
    }

    /** JSON: why two identifiers are one customer, or are not. */
    std::string explain(std::string_view one, std::string_view other) const {
        return detail::text_of(
            [&](phygital_text *json) { return phygital_explain(get(), lend(one), lend(other), json); });
    }
    /** JSON: at most `most` questions that a person should look at. */
    std::string review(std::uint32_t most) const {
        return detail::text_of([&](phygital_text *json) { return phygital_review(get(), most, json); });
    }
    /** JSON: who lives together. */
    std::string households() const {
        return detail::text_of([&](phygital_text *json) { return phygital_households(get(), json); });
    }

    /** JSON: how lately, how often and for how much customers bought. */
    std::string rfm(std::uint32_t classes, std::string_view currency = {}) const {
        return detail::text_of(
            [&](phygital_text *json) { return phygital_rfm(get(), classes, lend(currency), json); });
    }
    /** JSON: what channels earned by a model. */
    std::string attribute(std::string_view model) const {
        return detail::text_of(
            [&](phygital_text *json) { return phygital_attribute(get(), lend(model), json); });
    }

private:
    template <typename Call>
    static phygital_receipt receipt(Call call) {
        phygital_receipt receipt = phygital_receipt_init();
        check(call(&receipt));
        return receipt;
    }

    static std::string kept(const phygital_str &text) {
        return text.data == nullptr ? std::string() : std::string(text.data, text.len);
    }

    std::unique_ptr<phygital_store, detail::Freed<phygital_store, phygital_store_free>> handle_;
};

/** An identifier, `kind:value`, in the normal form of its kind. */
inline std::string normalize_identifier(std::string_view identifier, std::string_view region = {}) {
    return detail::text_of([&](phygital_text *normal) {
        return phygital_normalize_identifier(lend(identifier), lend(region), normal);
    });
}

/** What channels of these paths earned by a model: JSON in, JSON out. */
inline std::string attribute_paths(std::string_view model, std::uint32_t decimals, std::string_view rows) {
    return detail::text_of([&](phygital_text *json) {
        return phygital_attribute_paths(lend(model), decimals, lend(rows), json);
    });
}

/** JSON: which arm of an experiment (JSON) somebody is in. */
inline std::string assign_arm(std::string_view experiment, std::string_view unit) {
    return detail::text_of(
        [&](phygital_text *json) { return phygital_assign_arm(lend(experiment), lend(unit), json); });
}

/** JSON: what a text costs on the air and lacks, by a style (JSON). */
inline std::string lint_text(std::string_view text, std::string_view style) {
    return detail::text_of(
        [&](phygital_text *json) { return phygital_lint_text(lend(text), lend(style), json); });
}

/** JSON: what a text that came in asks for, by what was said before (JSON). */
inline std::string classify_text(std::string_view text, std::string_view context = {}) {
    return detail::text_of(
        [&](phygital_text *json) { return phygital_classify_text(lend(text), lend(context), json); });
}

/** JSON: the rules of messages, of a place and a class where they are given. */
inline std::string rules(std::string_view place = {}, std::uint32_t message_class = 0, std::string_view book = {}) {
    return detail::text_of(
        [&](phygital_text *json) { return phygital_rules(lend(place), message_class, lend(book), json); });
}

/** JSON: what hours and caps say of a message to a phone number at a time, the system's where it is 0. */
inline std::string check_rules(std::string_view phone, std::uint32_t message_class, std::int64_t at = 0,
                               const std::vector<std::int64_t> &sent = {}, std::string_view book = {}) {
    return detail::text_of([&](phygital_text *json) {
        return phygital_check_rules(lend(phone), message_class, at, sent.data(), sent.size(), lend(book), json);
    });
}

/** The link that a tag in software writes at its next read. */
inline std::string simulate_tap(const phygital_soft_tag &tag) {
    return detail::text_of([&](phygital_text *url) { return phygital_simulate_tap(&tag, url); });
}

}  // namespace phygital

#endif /* PHYGITAL_HPP */
