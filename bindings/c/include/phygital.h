/**
 * @file phygital.h
 * Phygital for C and C++: a phone taps a tag in a shop; is it genuine, who is it, and what next?
 *
 * Made from the documentation of the crate `phygital-capi` by `bindings/generate header`. Do not edit.
 *
 * Rules that hold for every function:
 *
 * - It answers with a phygital_status, 0 for done. What a failure means for the developer says
 *   phygital_last_error_message(), for the thread that called.
 * - Results go to places that the caller points to. They are empty (NULL, 0, zeros) on failure.
 * - NULL where something is needed is answered with 101, not a crash. Other pointers have to point to as much as their
 *   type or their length says, for the time of the call, and nobody else may write there meanwhile. Nothing that is lent
 *   to a call is kept.
 * - Texts are UTF-8. What is lent is a phygital_str or phygital_bytes with its length; phygital_str_of() makes one of a C
 *   string.
 * - A struct that has a `size` is made by its `_init()`. A later version of the library may make it longer; a program that
 *   was built with this header goes on to work.
 * - Numbers that stand for one of a list are `uint32_t`; one that is not of the list is answered with 106.
 * - What the library gives away has one function that frees it: `_free` with the name of its type. NULL, and what is
 *   empty, are fine there. A handle that was freed is answered with 102, and never followed.
 * - Handles may be used from several threads at once. Do not free what another thread is still to use.
 * - Times are microseconds since 1970, UTC. 0 stands for none.
 * - Nothing is called back, no thread is started, and a panic within is answered with 901.
 */
#if !defined(PHYGITAL_H)
#define PHYGITAL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** The version of this header. phygital_version() says that of the library. */
#define PHYGITAL_VERSION "0.1.0"
#define PHYGITAL_VERSION_MAJOR 0
#define PHYGITAL_VERSION_MINOR 1
#define PHYGITAL_VERSION_PATCH 0

/** What phygital_abi_version() has to say. */
#define PHYGITAL_ABI_VERSION 0

#ifndef PHYGITAL_API
#if defined(_WIN32) && !defined(PHYGITAL_STATIC)
#define PHYGITAL_API __declspec(dllimport)
#else
#define PHYGITAL_API
#endif
#endif

/**
 * What an entry answers: 0 for done, else why not. Hundreds are families: 1 the caller, 2 the tap, 3 consent, 4 what is
 * not there, 5 the store, 6 the state of the store, 9 a fault of ours or of the system. A number keeps its meaning for
 * ever; later versions may add some.
 */
enum phygital_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : int32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Done.
     */
    PHYGITAL_STATUS_OK = 0,
    /**
     * A pointer that has to point somewhere is NULL.
     */
    PHYGITAL_STATUS_NULL_POINTER = 101,
    /**
     * A handle of another kind, or one that was freed.
     */
    PHYGITAL_STATUS_WRONG_HANDLE = 102,
    /**
     * A struct whose size no version had, or with something set that this version does not know.
     */
    PHYGITAL_STATUS_WRONG_SIZE = 103,
    /**
     * A text is not UTF-8.
     */
    PHYGITAL_STATUS_INVALID_UTF8 = 104,
    /**
     * Longer than anything that is read.
     */
    PHYGITAL_STATUS_TOO_LARGE = 105,
    /**
     * A value that is none of those expected.
     */
    PHYGITAL_STATUS_INVALID_ARGUMENT = 106,
    /**
     * The event is not as it should be.
     */
    PHYGITAL_STATUS_MALFORMED_EVENT = 110,
    /**
     * An event of that source and id was recorded with another content.
     */
    PHYGITAL_STATUS_CONFLICT = 111,
    /**
     * The keys are not as they should be.
     */
    PHYGITAL_STATUS_MALFORMED_KEYS = 112,
    /**
     * The settings are not as they should be.
     */
    PHYGITAL_STATUS_MALFORMED_SETTINGS = 113,
    /**
     * No identifier of its kind.
     */
    PHYGITAL_STATUS_MALFORMED_IDENTIFIER = 114,
    /**
     * A rule that the documentation states was broken.
     */
    PHYGITAL_STATUS_MISUSE = 115,
    /**
     * The life of a tag has no such change.
     */
    PHYGITAL_STATUS_TAG_STATUS_REFUSED = 116,
    /**
     * The model does not go with these journeys, or there is none of that name.
     */
    PHYGITAL_STATUS_MODEL_REFUSED = 117,
    /**
     * The consent of another system is not as it should be.
     */
    PHYGITAL_STATUS_MALFORMED_CONSENT = 118,
    /**
     * The rules of messages are not as they should be.
     */
    PHYGITAL_STATUS_MALFORMED_RULES = 119,
    /**
     * A topic of conversation is not as it should be.
     */
    PHYGITAL_STATUS_MALFORMED_TOPIC = 120,
    /**
     * What was delivered is no tap, or was damaged on its way.
     */
    PHYGITAL_STATUS_TAP_MALFORMED = 201,
    /**
     * The tag that it names did not make it.
     */
    PHYGITAL_STATUS_TAP_FORGED = 202,
    /**
     * It cannot be judged for want of a key.
     */
    PHYGITAL_STATUS_TAP_UNAUTHENTICATED = 203,
    /**
     * Genuine, and out of its time or place.
     */
    PHYGITAL_STATUS_TAP_STALE = 204,
    /**
     * Genuine, and used before.
     */
    PHYGITAL_STATUS_TAP_REPLAYED = 210,
    /**
     * Genuine, and does not count for another reason: an unknown, suspended, lost or retired tag.
     */
    PHYGITAL_STATUS_TAP_NOT_COUNTED = 211,
    /**
     * Its source sent too many that were not genuine.
     */
    PHYGITAL_STATUS_TAP_TOO_MANY_FAILURES = 220,
    /**
     * Consent does not permit it.
     */
    PHYGITAL_STATUS_NOT_PERMITTED = 301,
    /**
     * There is no such customer.
     */
    PHYGITAL_STATUS_UNKNOWN_CUSTOMER = 401,
    /**
     * No customer has that identifier.
     */
    PHYGITAL_STATUS_UNKNOWN_IDENTIFIER = 402,
    /**
     * No such action waits.
     */
    PHYGITAL_STATUS_UNKNOWN_ACTION = 403,
    /**
     * No such tag is in the registry.
     */
    PHYGITAL_STATUS_UNKNOWN_TAG = 404,
    /**
     * There is no such order.
     */
    PHYGITAL_STATUS_UNKNOWN_ORDER = 405,
    /**
     * Another process holds the store: try again.
     */
    PHYGITAL_STATUS_STORAGE_BUSY = 501,
    /**
     * The disk is full.
     */
    PHYGITAL_STATUS_STORAGE_FULL = 502,
    /**
     * The store may not be written.
     */
    PHYGITAL_STATUS_STORAGE_READ_ONLY = 503,
    /**
     * The store cannot be opened.
     */
    PHYGITAL_STATUS_STORAGE_UNOPENED = 504,
    /**
     * The store, or its log, is damaged or something else.
     */
    PHYGITAL_STATUS_STORAGE_CORRUPT = 505,
    /**
     * A newer version of this library wrote the store.
     */
    PHYGITAL_STATUS_STORAGE_NEWER = 506,
    /**
     * Input or output failed.
     */
    PHYGITAL_STATUS_STORAGE_IO = 507,
    /**
     * It is open what was written: suspend and resume.
     */
    PHYGITAL_STATUS_STORAGE_REOPEN = 508,
    /**
     * The store is suspended: resume it first.
     */
    PHYGITAL_STATUS_SUSPENDED = 601,
    /**
     * A panic within: please report it. The store, where there is one, is suspended.
     */
    PHYGITAL_STATUS_PANIC = 901,
    /**
     * A fault of this library: please report it.
     */
    PHYGITAL_STATUS_BUG = 902,
    /**
     * The system gave no randomness.
     */
    PHYGITAL_STATUS_NO_ENTROPY = 903,
    /**
     * The system's clock is before 1970 or after 9999.
     */
    PHYGITAL_STATUS_NO_CLOCK = 904,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum phygital_status phygital_status;
#else
typedef int32_t phygital_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Where a tag is in its life.
 */
enum phygital_tag_status
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * As it left the factory, or wiped.
     */
    PHYGITAL_TAG_STATUS_BLANK = 1,
    /**
     * Being personalised, which is not confirmed yet.
     */
    PHYGITAL_TAG_STATUS_PROVISIONING = 2,
    /**
     * In its place; its taps count.
     */
    PHYGITAL_TAG_STATUS_ACTIVE = 3,
    /**
     * Set aside for now; its taps are refused.
     */
    PHYGITAL_TAG_STATUS_SUSPENDED = 4,
    /**
     * Lost or stolen; its taps are refused and raise an alarm.
     */
    PHYGITAL_TAG_STATUS_LOST = 5,
    /**
     * Being wiped or locked for good, which is not confirmed yet.
     */
    PHYGITAL_TAG_STATUS_RETIRING = 6,
    /**
     * Out of use; its taps are refused.
     */
    PHYGITAL_TAG_STATUS_RETIRED = 7,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum phygital_tag_status phygital_tag_status;
#else
typedef uint32_t phygital_tag_status;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What a phone, a tag or a reader delivered.
 */
enum phygital_presented_kind
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * The URL that a phone opened.
     */
    PHYGITAL_PRESENTED_KIND_URL = 1,
    /**
     * An NDEF message as a reader read it; its first URI record counts.
     */
    PHYGITAL_PRESENTED_KIND_NDEF_MESSAGE = 2,
    /**
     * A COSE_Sign1 token.
     */
    PHYGITAL_PRESENTED_KIND_COSE = 3,
    /**
     * A PASETO token.
     */
    PHYGITAL_PRESENTED_KIND_PASETO = 4,
    /**
     * The digits of a rotating code; `about` is the screen that showed it, as the keys name it.
     */
    PHYGITAL_PRESENTED_KIND_CODE = 5,
    /**
     * What a beacon advertised, whole.
     */
    PHYGITAL_PRESENTED_KIND_ADVERTISEMENT = 6,
    /**
     * The originality signature of a chip, as Read_Sig gives it; `about` is its UID.
     */
    PHYGITAL_PRESENTED_KIND_ORIGINALITY = 7,
    /**
     * The cryptogram with which an iPhone answered a reader for a pass (Apple VAS); `about` is the type of the pass, such as
     * `pass.com.example.loyalty`. Commercial use needs Apple's approval.
     */
    PHYGITAL_PRESENTED_KIND_APPLE_VAS = 8,
    /**
     * The message of a pass of Apple Wallet that a certified reader decrypted by itself; `about` is JSON: `pass_type`,
     * `vouched` (what the host vouches for: `static` for a reader that hands over the message alone, at most `dynamic`), and
     * `device_time` (RFC 3339) where the reader tells the phone's clock.
     */
    PHYGITAL_PRESENTED_KIND_APPLE_PASS = 9,
    /**
     * The same of a pass of Google Wallet (Smart Tap): its service number; `about` is JSON: `collector` (a number), `kind` (such
     * as `ly`), `object_id` (digits; empty where the phone does not tell it) and `vouched` (up to `live`).
     */
    PHYGITAL_PRESENTED_KIND_GOOGLE_PASS = 10,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum phygital_presented_kind phygital_presented_kind;
#else
typedef uint32_t phygital_presented_kind;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How much a tap proves. Higher is more.
 */
enum phygital_assurance
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Nothing: anybody can type it.
     */
    PHYGITAL_ASSURANCE_UNAUTHENTICATED = 1,
    /**
     * An issuer made it once and it never changes, so it can be copied.
     */
    PHYGITAL_ASSURANCE_STATIC = 2,
    /**
     * It changes with time, so a copy is good for its window only.
     */
    PHYGITAL_ASSURANCE_ROTATING = 3,
    /**
     * It changes with each read, under a key that can be recovered from some tags.
     */
    PHYGITAL_ASSURANCE_DYNAMIC_WEAK = 4,
    /**
     * It changes with each tap, under a key that does not leave the chip.
     */
    PHYGITAL_ASSURANCE_DYNAMIC = 5,
    /**
     * It answers a challenge that was just made.
     */
    PHYGITAL_ASSURANCE_LIVE = 6,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum phygital_assurance phygital_assurance;
#else
typedef uint32_t phygital_assurance;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Who looks at a card.
 */
enum phygital_role
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * Who serves the customer in the shop.
     */
    PHYGITAL_ROLE_ASSOCIATE = 1,
    /**
     * Who runs the shop.
     */
    PHYGITAL_ROLE_MANAGER = 2,
    /**
     * Who plans campaigns, and needs no one's name for it.
     */
    PHYGITAL_ROLE_MARKETING = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum phygital_role phygital_role;
#else
typedef uint32_t phygital_role;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Who tapped.
 */
enum phygital_recognition
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * A customer who agreed to be known.
     */
    PHYGITAL_RECOGNITION_KNOWN = 1,
    /**
     * Somebody unknown, or somebody who did not agree to be known.
     */
    PHYGITAL_RECOGNITION_ANONYMOUS = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum phygital_recognition phygital_recognition;
#else
typedef uint32_t phygital_recognition;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What data is used for.
 */
enum phygital_purpose
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * To know who it is that taps, and to tie visits to her profile.
     */
    PHYGITAL_PURPOSE_RECOGNITION = 1,
    /**
     * To show her profile to staff and to choose what to offer.
     */
    PHYGITAL_PURPOSE_PERSONALIZATION = 2,
    /**
     * To send messages about what she ordered or asked for.
     */
    PHYGITAL_PURPOSE_SERVICE = 3,
    /**
     * To send messages that advertise.
     */
    PHYGITAL_PURPOSE_MARKETING = 4,
    /**
     * To measure and attribute.
     */
    PHYGITAL_PURPOSE_MEASUREMENT = 5,
    /**
     * To share with advertising platforms.
     */
    PHYGITAL_PURPOSE_ADVERTISING = 6,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum phygital_purpose phygital_purpose;
#else
typedef uint32_t phygital_purpose;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How a person told us of her consent.
 */
enum phygital_consent_method
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * A tap, then a text message with the code of that tap: two proofs.
     */
    PHYGITAL_CONSENT_METHOD_TAP_TO_TEXT = 1,
    /**
     * A text message with a keyword.
     */
    PHYGITAL_CONSENT_METHOD_KEYWORD = 2,
    /**
     * Told to an associate at the till.
     */
    PHYGITAL_CONSENT_METHOD_TILL = 3,
    /**
     * A form of the web shop.
     */
    PHYGITAL_CONSENT_METHOD_WEB = 4,
    /**
     * A screen of the app.
     */
    PHYGITAL_CONSENT_METHOD_APP = 5,
    /**
     * A signed paper.
     */
    PHYGITAL_CONSENT_METHOD_PAPER = 6,
    /**
     * Brought along from another system.
     */
    PHYGITAL_CONSENT_METHOD_IMPORT = 7,
    /**
     * A tag's own `sms:` link, then a yes to the question that came back.
     */
    PHYGITAL_CONSENT_METHOD_TAG_TEXT = 8,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum phygital_consent_method phygital_consent_method;
#else
typedef uint32_t phygital_consent_method;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * How an action went.
 */
enum phygital_outcome
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * It was carried out.
     */
    PHYGITAL_OUTCOME_DELIVERED = 1,
    /**
     * It could not be carried out.
     */
    PHYGITAL_OUTCOME_FAILED = 2,
    /**
     * It was too late to carry it out.
     */
    PHYGITAL_OUTCOME_EXPIRED = 3,
    /**
     * The host decided against it.
     */
    PHYGITAL_OUTCOME_DROPPED = 4,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum phygital_outcome phygital_outcome;
#else
typedef uint32_t phygital_outcome;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Who keeps messages from a contact point, beside its owner.
 */
enum phygital_suppression_cause
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * The network blocks it.
     */
    PHYGITAL_SUPPRESSION_CAUSE_CARRIER = 1,
    /**
     * The gateway has it on a list of its own.
     */
    PHYGITAL_SUPPRESSION_CAUSE_GATEWAY = 2,
    /**
     * Nobody has that number or address, or it takes no messages.
     */
    PHYGITAL_SUPPRESSION_CAUSE_INVALID = 3,
    /**
     * Mail to it came back for good.
     */
    PHYGITAL_SUPPRESSION_CAUSE_BOUNCE = 4,
    /**
     * Its owner called a message spam.
     */
    PHYGITAL_SUPPRESSION_CAUSE_COMPLAINT = 5,
    /**
     * It stands in a register of those who want no calls.
     */
    PHYGITAL_SUPPRESSION_CAUSE_REGISTRY = 6,
    /**
     * Staff decided so.
     */
    PHYGITAL_SUPPRESSION_CAUSE_STAFF = 7,
    /**
     * It was erased, and had wanted no messages before.
     */
    PHYGITAL_SUPPRESSION_CAUSE_ERASURE = 8,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum phygital_suppression_cause phygital_suppression_cause;
#else
typedef uint32_t phygital_suppression_cause;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What a person may ask of who keeps data of her.
 */
enum phygital_right
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * To know what is kept, why, and who got it.
     */
    PHYGITAL_RIGHT_ACCESS = 1,
    /**
     * To have it in a form that machines read.
     */
    PHYGITAL_RIGHT_PORTABILITY = 2,
    /**
     * To have it erased.
     */
    PHYGITAL_RIGHT_ERASURE = 3,
    /**
     * To have it put right.
     */
    PHYGITAL_RIGHT_CORRECTION = 4,
    /**
     * To be left alone with direct marketing, and with profiling for it.
     */
    PHYGITAL_RIGHT_OBJECTION = 5,
    /**
     * To have it neither sold nor shared.
     */
    PHYGITAL_RIGHT_OPT_OUT = 6,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum phygital_right phygital_right;
#else
typedef uint32_t phygital_right;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What a message is in the eyes of the law, the mildest first.
 */
enum phygital_message_class
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * About something she ordered or asked for: a receipt, a pickup that is ready.
     */
    PHYGITAL_MESSAGE_CLASS_TRANSACTIONAL = 1,
    /**
     * A reply within a conversation that she began or keeps up.
     */
    PHYGITAL_MESSAGE_CLASS_CONVERSATIONAL = 2,
    /**
     * Whatever advertises, also in part: the strictest rules.
     */
    PHYGITAL_MESSAGE_CLASS_MARKETING = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum phygital_message_class phygital_message_class;
#else
typedef uint32_t phygital_message_class;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What became of a message that was to be sent.
 */
enum phygital_sending_state
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * It waits in the outbox: to be carried out now, or, where there is a reason, from `next_allowed` on.
     */
    PHYGITAL_SENDING_STATE_WAITS = 1,
    /**
     * It was asked for before, under the same id.
     */
    PHYGITAL_SENDING_STATE_KNOWN = 2,
    /**
     * It does not go out, and nothing was written.
     */
    PHYGITAL_SENDING_STATE_REFUSED = 3,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum phygital_sending_state phygital_sending_state;
#else
typedef uint32_t phygital_sending_state;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * What somebody else makes of a text that came in, such as a language model of the host's.
 */
enum phygital_proposal
#if defined(__cplusplus) || __STDC_VERSION__ >= 202311L
  : uint32_t
#endif // defined(__cplusplus) || __STDC_VERSION__ >= 202311L
 {
    /**
     * It answers the question that waits.
     */
    PHYGITAL_PROPOSAL_ANSWER = 1,
    /**
     * A person should answer.
     */
    PHYGITAL_PROPOSAL_HAND_OVER = 2,
};
#ifndef __cplusplus
#if __STDC_VERSION__ >= 202311L
typedef enum phygital_proposal phygital_proposal;
#else
typedef uint32_t phygital_proposal;
#endif // __STDC_VERSION__ >= 202311L
#endif // __cplusplus

/**
 * Actions that wait, as they were when they were asked for.
 */
typedef struct phygital_actions phygital_actions;

/**
 * An open store. Safe to use from any thread; calls wait for each other.
 */
typedef struct phygital_store phygital_store;

/**
 * Keys, read once: judges taps without a store. Safe to use from any thread.
 */
typedef struct phygital_verifier phygital_verifier;

/**
 * A text of the library's: UTF-8, with a NUL behind it. Free it with phygital_text_free(); what is not given has NULL
 * and 0.
 */
typedef struct phygital_text {
    /**
     * Where it begins; NULL for none.
     */
    char *data;
    /**
     * Its bytes, without the NUL.
     */
    size_t len;
} phygital_text;

/**
 * A text that is lent to a call: `len` bytes of UTF-8, without regard to a NUL behind them. All zeros is the empty text,
 * which stands for "not given" where a text may be left out.
 */
typedef struct phygital_str {
    /**
     * Where it begins; may be NULL where `len` is 0.
     */
    const char *data;
    /**
     * Its bytes.
     */
    size_t len;
} phygital_str;

/**
 * Something for the host to carry out. Its texts belong to the list that it was asked of, and live as long; each has a NUL
 * behind it. What is not there has NULL and 0.
 */
typedef struct phygital_action {
    /**
     * Set by phygital_action_init().
     */
    size_t size;
    /**
     * Its id: to carry it out twice is to carry it out once.
     */
    struct phygital_str id;
    /**
     * What: `answer_message`, `send_message`, `raise_alarm`, `answer_request`, `notify_recipient`, or one of a later version.
     */
    struct phygital_str action;
    /**
     * Whom it concerns, as `kind:value`.
     */
    struct phygital_str to;
    /**
     * What to say.
     */
    struct phygital_str text;
    /**
     * Not to be carried out later than this, for a message the end of its lawful window, in microseconds since 1970, UTC; 0 for
     * no end. Give it to the gateway.
     */
    int64_t expires_at;
    /**
     * A phygital_purpose; 0 where there is none.
     */
    uint32_t purpose;
} phygital_action;

/**
 * A message that the host wants to send.
 */
typedef struct phygital_outgoing {
    /**
     * Set by phygital_outgoing_init().
     */
    size_t size;
    /**
     * The host's own name for it: asking twice is asking once.
     */
    struct phygital_str id;
    /**
     * To whom, as `phone:...` or `email:...`.
     */
    struct phygital_str to;
    /**
     * What it says.
     */
    struct phygital_str text;
    /**
     * After this time it is of no use any more, in microseconds since 1970, UTC; 0 for no end.
     */
    int64_t expires_at;
    /**
     * A phygital_message_class.
     */
    uint32_t message_class;
    /**
     * To what end, a phygital_purpose: for this consent is asked.
     */
    uint32_t purpose;
    /**
     * 1 where it asks her to opt in: whoever opted out is left alone with that as well.
     */
    uint32_t invites;
    /**
     * 1 where it may wait for a lawful time; otherwise it goes out now or not at all.
     */
    uint32_t waits;
} phygital_outgoing;

/**
 * What became of a message. It holds nothing that has to be freed.
 */
typedef struct phygital_sending {
    /**
     * Set by phygital_sending_init().
     */
    size_t size;
    /**
     * The next time at which hours, caps and pauses let it out, in microseconds since 1970, UTC; 0 where waiting does not help.
     */
    int64_t next_allowed;
    /**
     * If it goes out now: it must have been delivered before this time, or not at all; 0 otherwise.
     */
    int64_t expires_at;
    /**
     * A phygital_sending_state.
     */
    uint32_t state;
    /**
     * Why it does not go out now, as a word of a closed set such as `no_consent`, `withdrawn` or `quiet_hours`; empty where
     * nothing is against it.
     */
    char reason[32];
    /**
     * The key of the event that asks for it, 32 digits; empty where it is refused.
     */
    char event[40];
} phygital_sending;

/**
 * A text message that came in.
 */
typedef struct phygital_message_received {
    /**
     * Set by phygital_message_received_init().
     */
    size_t size;
    /**
     * What the gateway calls it: a message counts once.
     */
    struct phygital_str id;
    /**
     * The number that sent it.
     */
    struct phygital_str from;
    /**
     * What it says.
     */
    struct phygital_str body;
    /**
     * The number or short code that it was sent to; may be left out.
     */
    struct phygital_str to;
    /**
     * The gateway, as the host names it: `//sms.example`; may be left out.
     */
    struct phygital_str source;
    /**
     * When it was sent, in microseconds since 1970, UTC; 0 for now.
     */
    int64_t at;
} phygital_message_received;

/**
 * That an event is in the log. It holds nothing that has to be freed.
 */
typedef struct phygital_receipt {
    /**
     * Set by phygital_receipt_init().
     */
    size_t size;
    /**
     * When it was first received, in microseconds since 1970, UTC.
     */
    int64_t received_at;
    /**
     * 1 where it was recorded now, 0 where it had been before with the same content.
     */
    uint32_t is_new;
    /**
     * The key of its source and id, 32 digits.
     */
    char event[40];
} phygital_receipt;

/**
 * An NTAG 424 DNA in software, in AES mode. Not for the keys of true tags.
 */
typedef struct phygital_soft_tag {
    /**
     * Set by phygital_soft_tag_init().
     */
    size_t size;
    /**
     * Its UID, 14 digits.
     */
    struct phygital_str uid;
    /**
     * What it mirrors where, such as `tap.example/t?p={picc}&c={mac}`.
     */
    struct phygital_str url_template;
    /**
     * Its SDMFileReadKey, 32 digits.
     */
    struct phygital_str file_read_key;
    /**
     * Its SDMMetaReadKey, 32 digits, which `{picc}` needs.
     */
    struct phygital_str meta_read_key;
    /**
     * How often it was read before.
     */
    uint32_t read_ctr;
} phygital_soft_tag;

/**
 * A person asked for one of her rights.
 */
typedef struct phygital_rights_requested {
    /**
     * Set by phygital_rights_requested_init().
     */
    size_t size;
    /**
     * Who she is, as `kind:value`.
     */
    struct phygital_str identifier;
    /**
     * Where she lives, ISO 3166: `FR`, `US-CA`; where it is left out the shortest time to answer counts.
     */
    struct phygital_str jurisdiction;
    /**
     * What she said; may be left out.
     */
    struct phygital_str detail;
    /**
     * The host's own name for it, so that it counts once; random where it is left out.
     */
    struct phygital_str id;
    /**
     * When, in microseconds since 1970, UTC; 0 for now.
     */
    int64_t at;
    /**
     * A phygital_right.
     */
    uint32_t right;
    /**
     * How she asked, a phygital_consent_method; 0 where it is not said.
     */
    uint32_t method;
} phygital_rights_requested;

/**
 * Bytes that are lent to a call.
 */
typedef struct phygital_bytes {
    /**
     * Where they begin; may be NULL where `len` is 0.
     */
    const uint8_t *data;
    /**
     * How many.
     */
    size_t len;
} phygital_bytes;

/**
 * How a store is opened. Only the path has to be given; zeros stand for the default of all else.
 */
typedef struct phygital_options {
    /**
     * Set by phygital_options_init().
     */
    size_t size;
    /**
     * The file of the store; made where there is none.
     */
    struct phygital_str path;
    /**
     * The settings of the shop as JSON: brand, notice, answers. See docs/bindings.md.
     */
    struct phygital_str settings;
    /**
     * What taps are verified by, as JSON. Wipe your copy when the store is open.
     */
    struct phygital_str keys;
    /**
     * The device of a new store, 32 digits; random where it is not given.
     */
    struct phygital_str device;
    /**
     * The secret of a new store, 64 digits, the same at all tills of a brand; random where it is not given.
     */
    struct phygital_str tenant;
    /**
     * The incarnation that the host kept when it last had this store open, 32 digits.
     */
    struct phygital_str incarnation;
    /**
     * For tests: what randomness follows from, instead of the system's. One-time codes can be guessed then.
     */
    struct phygital_bytes seed;
    /**
     * For tests: the time instead of the system's, in microseconds since 1970, UTC.
     */
    int64_t clock;
    /**
     * 1 where the file has to be there, 0 where it may be made.
     */
    uint32_t must_exist;
    /**
     * Topics of conversation that may be opened, each the JSON of a topic file, at most 1,000.
     */
    const struct phygital_str *topics;
    /**
     * How many.
     */
    size_t topics_len;
} phygital_options;

/**
 * A tag that goes into service, or is enrolled again with something else.
 */
typedef struct phygital_tag_enrolled {
    /**
     * Set by phygital_tag_enrolled_init().
     */
    size_t size;
    /**
     * Its UID, 14 digits.
     */
    struct phygital_str uid;
    /**
     * Where it hangs.
     */
    struct phygital_str place;
    /**
     * What it hangs on.
     */
    struct phygital_str touchpoint;
    /**
     * What staff call it.
     */
    struct phygital_str label;
    /**
     * 1 where `key_epoch` is given, else 0.
     */
    uint32_t has_key_epoch;
    /**
     * The generation of its keys: taps under older keys no longer count.
     */
    uint32_t key_epoch;
} phygital_tag_enrolled;

/**
 * What was presented. Of the kinds that are texts, the bytes are UTF-8.
 */
typedef struct phygital_presented {
    /**
     * What was delivered.
     */
    struct phygital_bytes data;
    /**
     * What else belongs to it, see phygital_presented_kind.
     */
    struct phygital_bytes about;
    /**
     * A phygital_presented_kind.
     */
    uint32_t kind;
} phygital_presented;

/**
 * A tap as the host received it. Only what was presented has to be given; zeros stand for "not given".
 */
typedef struct phygital_tap_request {
    /**
     * Set by phygital_tap_request_init().
     */
    size_t size;
    /**
     * What was delivered.
     */
    struct phygital_presented presented;
    /**
     * Where it was tapped, where that is not where the tag was enrolled.
     */
    struct phygital_str place;
    /**
     * What was tapped, where that is not what the tag was enrolled with.
     */
    struct phygital_str touchpoint;
    /**
     * What tells this client from others, such as its session: it may send the same tap again for a short while.
     */
    struct phygital_str client;
    /**
     * Identifiers that came with it, each as `kind:value`.
     */
    const struct phygital_str *identifiers;
    /**
     * How many.
     */
    size_t identifiers_len;
    /**
     * A phygital_role, to ask for the customer's card as well.
     */
    uint32_t shown_to;
} phygital_tap_request;

/**
 * What a tap came to. Free it with phygital_tap_outcome_free().
 */
typedef struct phygital_tap_outcome {
    /**
     * Set by phygital_tap_outcome_init().
     */
    size_t size;
    /**
     * When the one-time code ends, in microseconds since 1970, UTC; 0 where nothing is offered.
     */
    int64_t code_expires_at;
    /**
     * The customer's card as JSON, where it was asked for and she is known.
     */
    struct phygital_text card;
    /**
     * Where.
     */
    struct phygital_text place;
    /**
     * On what.
     */
    struct phygital_text touchpoint;
    /**
     * The kind of token, such as `ntag424-aes`.
     */
    struct phygital_text scheme;
    /**
     * Where something is offered: what she is to text, the keyword and the one-time code.
     */
    struct phygital_text opt_in_message;
    /**
     * The number that it goes to.
     */
    struct phygital_text opt_in_sender;
    /**
     * The link that opens the phone's messages with both filled in.
     */
    struct phygital_text opt_in_link;
    /**
     * The notice, to be shown whole beside the link.
     */
    struct phygital_text notice;
    /**
     * The name of the notice.
     */
    struct phygital_text notice_id;
    /**
     * A phygital_recognition.
     */
    uint32_t recognition;
    /**
     * 1 where the same client had sent it before, so that this is the first answer again.
     */
    uint32_t repeated;
    /**
     * 1 where a later tap of the tag had counted before it.
     */
    uint32_t late;
    /**
     * A phygital_assurance.
     */
    uint32_t assurance;
    /**
     * 1 where `read_ctr` is there, else 0.
     */
    uint32_t has_read_ctr;
    /**
     * The tag's counter.
     */
    uint32_t read_ctr;
    /**
     * The customer's id, 32 digits.
     */
    char customer[40];
    /**
     * The key of the event that the tap became, 32 digits.
     */
    char event[40];
    /**
     * The tag, 14 digits; empty where it is of none.
     */
    char uid[16];
    /**
     * The one-time code; empty where nothing is offered.
     */
    char code[16];
    /**
     * Two letters of a tamper status; empty where there is none.
     */
    char tag_tamper[8];
} phygital_tap_outcome;

/**
 * What a tap proves. It holds nothing that has to be freed.
 */
typedef struct phygital_tap_proof {
    /**
     * Set by phygital_tap_proof_init().
     */
    size_t size;
    /**
     * The kind of token, such as `ntag424-aes`: a static text.
     */
    const char *scheme;
    /**
     * A phygital_assurance.
     */
    uint32_t assurance;
    /**
     * 1 where `read_ctr` is there, else 0.
     */
    uint32_t has_read_ctr;
    /**
     * The tag's counter, proven unless the assurance says that nothing is.
     */
    uint32_t read_ctr;
    /**
     * 1 where `key_epoch` is there, else 0.
     */
    uint32_t has_key_epoch;
    /**
     * The generation of the key that matched.
     */
    uint32_t key_epoch;
    /**
     * 1 where the tamper status lay under the MAC, else 0.
     */
    uint32_t tamper_authenticated;
    /**
     * The tag, 14 digits; empty where it is of none.
     */
    char uid[16];
    /**
     * Two letters: C closed, O open, I not initialised; empty where there is no status.
     */
    char tag_tamper[8];
} phygital_tap_proof;

/**
 * Whether something is allowed, why, and what proves it. It holds nothing that has to be freed.
 */
typedef struct phygital_decision {
    /**
     * Set by phygital_decision_init().
     */
    size_t size;
    /**
     * 1 where it is allowed, else 0.
     */
    uint32_t allowed;
    /**
     * Why, as a stable word such as `granted`, `withdrawn` or `never_asked`.
     */
    char reason[32];
    /**
     * The key of the event that decided, 32 digits; empty where nothing was ever said.
     */
    char proof[40];
} phygital_decision;

/**
 * Consent that was given elsewhere than by tap and text, or withdrawn.
 */
typedef struct phygital_consent {
    /**
     * Set by phygital_consent_init().
     */
    size_t size;
    /**
     * The phone number or e-mail address, as `phone:...` or `email:...`.
     */
    struct phygital_str contact;
    /**
     * Each a phygital_purpose. None to withdraw all.
     */
    const uint32_t *purposes;
    /**
     * How many.
     */
    size_t purposes_len;
    /**
     * The host's own name for it, so that it counts once; random where it is left out.
     */
    struct phygital_str id;
    /**
     * The notice that was shown, where consent is given; may be left out.
     */
    struct phygital_str notice_id;
    /**
     * What proves it: ids of papers, messages.
     */
    const struct phygital_str *evidence;
    /**
     * How many.
     */
    size_t evidence_len;
    /**
     * When it was said, in microseconds since 1970, UTC; 0 for now.
     */
    int64_t at;
    /**
     * When consent that is given ends; 0 for never.
     */
    int64_t expires_at;
    /**
     * A phygital_consent_method; may be 0 to withdraw.
     */
    uint32_t method;
} phygital_consent;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * What the last entry that failed on this thread says of it, for the developer: a sentence in English without keys and
 * without anything personal.
 *
 * @return A text that lives until another entry fails on this thread; empty where none has. Never NULL.
 */
PHYGITAL_API
const char *phygital_last_error_message(void);

/**
 * The reason of the same failure as a stable word, such as `mac_mismatch`, `suspended` or `never_asked`: finer than the
 * status.
 *
 * @return As phygital_last_error_message().
 */
PHYGITAL_API
const char *phygital_last_error_reason(void);

/**
 * The name of a status, such as `tap_replayed`; `unknown` for a number that has none.
 *
 * @return A static text, never NULL.
 */
PHYGITAL_API const char *phygital_status_name(int32_t status);

/**
 * The version of the library, such as `0.1.0`. `PHYGITAL_VERSION` is that of the header.
 *
 * @return A static text, never NULL.
 */
PHYGITAL_API const char *phygital_version(void);

/**
 * The version of the ABI. A program that was built with a header of another `PHYGITAL_ABI_VERSION` does not go with this
 * library.
 */
PHYGITAL_API
uint32_t phygital_abi_version(void);

/**
 * Frees a text, and sets it to none. NULL, and a text that is none, are fine.
 */
PHYGITAL_API phygital_status phygital_text_free(struct phygital_text *text);

/**
 * At most `most` actions to carry out now, oldest cause first: not those that expired, nor messages that the gate does not let
 * out now. They are due until they are acknowledged.
 *
 * @param actions Where the handle of the list goes; NULL on failure. Free it with phygital_actions_free().
 */
PHYGITAL_API
phygital_status phygital_due(const struct phygital_store *store,
                             uint32_t most,
                             struct phygital_actions **actions);

/**
 * How many actions a list has; 0 for a handle that is none of a list.
 */
PHYGITAL_API size_t phygital_actions_len(const struct phygital_actions *actions);

/**
 * An action of a list.
 *
 * @param at Its place, from 0.
 * @param action Where it goes; its texts live until the list is freed.
 * @return 106 for a place beyond the end.
 */
PHYGITAL_API
phygital_status phygital_actions_get(const struct phygital_actions *actions,
                                     size_t at,
                                     struct phygital_action *action);

/**
 * Frees a list. NULL is fine.
 *
 * @return 102 for a handle that was freed already, or is none of a list.
 */
PHYGITAL_API phygital_status phygital_actions_free(struct phygital_actions *actions);

/**
 * Takes note of how an action went; it waits no longer. Saying it again changes nothing.
 *
 * @param outcome A phygital_outcome.
 * @return 403 for an action that never was.
 */
PHYGITAL_API
phygital_status phygital_acknowledge(const struct phygital_store *store,
                                     struct phygital_str id,
                                     uint32_t outcome);

/**
 * What the gate says of a message now. Writes nothing.
 *
 * @param json Where the text goes: `allowed`; why not (`reasons`, of a closed set, and the `rules` that say so);
 * `next_allowed`, `expires_at`, what it was `judged_as`, and the `findings` of its text (`fault`, `at`, `refuses`).
 */
PHYGITAL_API
phygital_status phygital_judge(const struct phygital_store *store,
                               const struct phygital_outgoing *message,
                               struct phygital_text *json);

/**
 * Asks for a message to be sent: where the gate lets it out, an action `send_message` of its id waits in the outbox. That it
 * does not go out is an answer, and no failure. The gate is asked again when the action is due.
 *
 * @param sending Where it goes what became of it.
 * @param json Where it goes what the gate says, as of phygital_judge(); none where it was asked for before. May be NULL.
 * @return 0 for any answer; 115 for one that gets no messages.
 */
PHYGITAL_API
phygital_status phygital_send(const struct phygital_store *store,
                              const struct phygital_outgoing *message,
                              struct phygital_sending *sending,
                              struct phygital_text *json);

/**
 * Opens a topic of the options with a customer.
 *
 * @param language BCP 47; that of her profile where it is left out.
 * @param said Where a 1 goes where something was said, and waits in the outbox; 0 where there is nothing to ask, or the gate is
 * against it.
 * @param json Where it goes why the gate does not let it out, as of phygital_judge(); none where that is not why. May be NULL.
 * @return 115 for a topic that was not among the options.
 */
PHYGITAL_API
phygital_status phygital_open_topic(const struct phygital_store *store,
                                    struct phygital_str contact,
                                    struct phygital_str topic,
                                    struct phygital_str language,
                                    uint32_t *said,
                                    struct phygital_text *json);

/**
 * Takes in a text message as phygital_record_message() does, with what somebody else makes of it. That counts only where the
 * rules find nothing in the text that answers the question that waits, or more than one thing, and only if the type of that
 * question reads it, as a whole and without doubt; it opts nobody in or out. What does not count is dropped, and is no failure.
 *
 * A text counts once: ask the model first, by the topic and the question of phygital_contact_state(), and say when the message was
 * sent (`at`). Another question may wait by now, which it was sent too early to answer.
 *
 * @param proposal A phygital_proposal.
 * @param answer Of PHYGITAL_PROPOSAL_ANSWER the answer, in the form in which it is kept: the value of a choice, `38.5 eu`, `180 cm`,
 * `2026-12-24`, `yes`. Not looked at otherwise.
 * @param receipt Where the receipt goes; may be NULL.
 * @return As phygital_record_message(); 106 for no proposal, and then nothing was recorded.
 */
PHYGITAL_API
phygital_status phygital_hear(const struct phygital_store *store,
                              const struct phygital_message_received *message,
                              uint32_t proposal,
                              struct phygital_str answer,
                              struct phygital_receipt *receipt);

/**
 * Lists the topics that are to be followed up now; the one whose question waits longest comes first. What the gate does not let
 * out stays in the list: to get by it ask again behind the `place` of the last, until none comes.
 *
 * @param behind The `place` of one that was listed; empty from the start.
 * @param most How many at most, up to 1,000.
 * @param json Where the text goes: a list, each with `contact` (for phygital_follow_up()), `topic`, since when it is `due`, and its
 * `place`.
 * @return 106 for what is no place, 115 for more than 1,000.
 */
PHYGITAL_API
phygital_status phygital_follow_ups(const struct phygital_store *store,
                                    struct phygital_str behind,
                                    uint32_t most,
                                    struct phygital_text *json);

/**
 * Takes note of silence in the open topic of a contact point: asks again, or ends it, where it is time to. phygital_follow_ups()
 * lists where that is, and phygital_contact_state() tells when.
 *
 * @param said As of phygital_open_topic().
 * @param json As of phygital_open_topic().
 */
PHYGITAL_API
phygital_status phygital_follow_up(const struct phygital_store *store,
                                   struct phygital_str contact,
                                   uint32_t *said,
                                   struct phygital_text *json);

/**
 * What was decided because of an event. The same whenever it is asked.
 *
 * @param event The key of its receipt, 32 digits.
 * @param json Where the text goes: a list of events in the form of CloudEvents, in the order of the log. Of a text that came
 * in their `type` is `com.phygital.opted_out`, `com.phygital.attribute_stated`, `com.phygital.action_requested` and the like.
 * @return 106 for no key.
 */
PHYGITAL_API
phygital_status phygital_followed(const struct phygital_store *store,
                                  struct phygital_str event,
                                  struct phygital_text *json);

/**
 * Records an event, a CloudEvent or a Segment message in JSON, and decides what follows from it. To send it again gives
 * the first receipt again.
 *
 * @param receipt Where the receipt goes; may be NULL.
 * @return 110 for an event that is not as it should be, 111 for a known id with another content.
 */
PHYGITAL_API
phygital_status phygital_record(const struct phygital_store *store,
                                struct phygital_str event,
                                struct phygital_receipt *receipt);

/**
 * Records events in one transaction, at most 10,000, and answers for each. Much faster than one by one.
 *
 * @param json Where the answers go: a list in the order of the events, each with `recorded` (`accepted` or `refused`),
 * and then a `receipt`, or `code`, `reason` and `detail`.
 * @return 115 for more, malformed ones counted. Not 0 where nothing was recorded.
 */
PHYGITAL_API
phygital_status phygital_record_all(const struct phygital_store *store,
                                    const struct phygital_str *events,
                                    size_t events_len,
                                    struct phygital_text *json);

/**
 * Takes in a text message: a wish to be left alone, a code that joins, an answer to what was asked, or anything else. What is to
 * be answered waits in phygital_due(); what was done says phygital_followed().
 *
 * @param receipt Where the receipt goes; may be NULL.
 * @return 114 for a sender that is no phone number.
 */
PHYGITAL_API
phygital_status phygital_record_message(const struct phygital_store *store,
                                        const struct phygital_message_received *message,
                                        struct phygital_receipt *receipt);

/**
 * Forgets an identifier, `kind:value`, now and whenever it comes again. What it had opted out of stays, under a key.
 *
 * @param json Where it goes what that came to: `identifiers`, `struck`, `emptied`, and the `notices` to recipients of her data
 * that wait as actions `notify_recipient`; may be NULL.
 */
PHYGITAL_API
phygital_status phygital_erase_identifier(const struct phygital_store *store,
                                          struct phygital_str identifier,
                                          struct phygital_text *json);

/**
 * Forgets a customer: the identifiers that are hers alone, and all that her events say.
 *
 * @param json As of phygital_erase_identifier().
 * @return 401 where there is no such customer.
 */
PHYGITAL_API
phygital_status phygital_erase_customer(const struct phygital_store *store,
                                        struct phygital_str customer,
                                        struct phygital_text *json);

/**
 * Receipts of the consent of a contact point, for its owner.
 *
 * @param purpose A phygital_purpose; 0 for each of which anything was said.
 * @param json Where the text goes: a list of receipts after ISO/IEC TS 27560, each with its whole `record`.
 */
PHYGITAL_API
phygital_status phygital_consent_receipts(const struct phygital_store *store,
                                          struct phygital_str contact,
                                          uint32_t purpose,
                                          struct phygital_text *json);

/**
 * What is permitted of a contact point as Segment has it.
 *
 * @param json Where the text goes: `consent` and `messaging_subscriptions`, which go into the `context` of a message.
 */
PHYGITAL_API
phygital_status phygital_segment_consent(const struct phygital_store *store,
                                         struct phygital_str contact,
                                         struct phygital_text *json);

/**
 * Records consent that another system kept. The same text again is known. The signal of a browser (Global Privacy Control) needs
 * no call of its own: an event with `gpc` in its context brings it.
 *
 * @param consent JSON: a record or a receipt of ISO/IEC TS 27560, or a message of Segment with its consent object.
 * @param source That system, as `//consent.example`.
 * @param json Where it goes what came of it: how many events were `recorded` now, how many were `known`, and what is
 * `unknown` of what it names; may be NULL.
 * @return 118 for a text that is none of these.
 */
PHYGITAL_API
phygital_status phygital_import_consent(const struct phygital_store *store,
                                        struct phygital_str consent,
                                        struct phygital_str source,
                                        struct phygital_text *json);

/**
 * Takes note that somebody else than its owner keeps messages from a contact point.
 *
 * @param cause A phygital_suppression_cause.
 * @param code What the gateway calls it, such as `21610`; may be left out.
 * @param receipt Where the receipt goes; may be NULL.
 */
PHYGITAL_API
phygital_status phygital_suppress(const struct phygital_store *store,
                                  struct phygital_str contact,
                                  uint32_t cause,
                                  struct phygital_str code,
                                  struct phygital_receipt *receipt);

/**
 * Takes note that a cause keeps messages no longer from a contact point. What its owner said stands.
 *
 * @param cause A phygital_suppression_cause.
 * @param receipt Where the receipt goes; may be NULL.
 */
PHYGITAL_API
phygital_status phygital_lift_suppression(const struct phygital_store *store,
                                          struct phygital_str contact,
                                          uint32_t cause,
                                          struct phygital_receipt *receipt);

/**
 * Where a contact point stands.
 *
 * @param json Where the text goes: its `kind` and `contact` (masked); what is permitted (`purposes`) and what was said
 * (`entries`, `signal`); the conversation: `status` (`none`, `pending_double_opt_in`, `subscribed`, `opted_out`, `blocked`,
 * `invalid`), `joined_by`, `last_inbound`, `handler` (`rules`, `person`), and of the open `topic` its `id`, `started_at`, the
 * `question` that waits, in which `language`, and when to phygital_follow_up() (`follow_up`).
 */
PHYGITAL_API
phygital_status phygital_contact_state(const struct phygital_store *store,
                                       struct phygital_str contact,
                                       struct phygital_text *json);

/**
 * Why two identifiers, `kind:value` each, are one customer, or are not.
 *
 * @param json Where the text goes: `same`; where they are not, `reason` (a stable word) and `because` (a sentence); where
 * they are, the `steps` from the one to the other and which of them, from 0, is the `weakest`. A step has `from` and `to`
 * (`kind`, `value`), its `basis` (`stated`, `together`, `alike`, `repaired`), and the event that says so (`event`, `source`,
 * `id`, `at`) or what an agreement is worth (`millibits`). Identifiers that were not asked for are masked.
 */
PHYGITAL_API
phygital_status phygital_explain(const struct phygital_store *store,
                                 struct phygital_str one,
                                 struct phygital_str other,
                                 struct phygital_text *json);

/**
 * What a person should look at, the worst first. Reads everything that ties identifiers: not a call for while somebody
 * waits at a till.
 *
 * @param most How many questions at most.
 * @param json Where the text goes: `questions`, each with its `id`, the identifiers `one` and `two` (masked), whose they are
 * (`customers`, two) and the `doubt`, a sentence; and `crowded`, how many keys are shared by so many descriptions that those
 * were not held against each other.
 */
PHYGITAL_API
phygital_status phygital_review(const struct phygital_store *store,
                                uint32_t most,
                                struct phygital_text *json);

/**
 * Who lives together. Reads every identifier, as phygital_review() does.
 *
 * @param json Where the text goes: a list of the households of more than one customer, each with its `id`, its `kind`
 * (`family`, or `institution` where they are too many to be one) and its `customers`.
 */
PHYGITAL_API
phygital_status phygital_households(const struct phygital_store *store,
                                    struct phygital_text *json);

/**
 * How lately, how often and for how much customers bought, of those who permit measurement. Reads the whole log.
 *
 * @param classes How many classes each score has, 2 to 10; the highest is the best.
 * @param currency ISO 4217; may be left out where all orders are of one.
 * @param json Where the text goes: `currency`, `decimals`, `classes`; the `customers`, each with her id (`customer`), her
 * scores `recency`, `frequency` and `money`, and what they are made of: `days` since her last order, `orders`, and `minor`,
 * what those were worth net; and how many are left out: `not_permitted` (customers), `unidentified`, `other_currency`,
 * `unvalued` (orders).
 * @return 106 for no such number of classes, 117 for orders of several currencies where none was chosen.
 */
PHYGITAL_API
phygital_status phygital_rfm(const struct phygital_store *store,
                             uint32_t classes,
                             struct phygital_str currency,
                             struct phygital_text *json);

/**
 * Which arm of an experiment somebody is in, by a hash of her id: the same at every till, phone and server, without asking
 * any. Needs no store; *Experiment Viewed* is the event that says that she met it.
 *
 * @param experiment JSON: its `seed`, of its own; `arms`, a list of `arm` and `weight`, which sum to 1; and, where they are
 * wanted, `coverage`, `namespace` (`name`, `from`, `to`), `holdout` (`seed`, `part`) and `hash_version` (2, or 1).
 * @param unit Her id.
 * @param json Where the text goes: `status` (`assigned`, `outside`, `held_out`) and `arm`.
 * @return 106 for no such experiment.
 */
PHYGITAL_API
phygital_status phygital_assign_arm(struct phygital_str experiment,
                                    struct phygital_str unit,
                                    struct phygital_text *json);

/**
 * An identifier, `kind:value` such as `phone:06 12 34 56 78`, in the normal form of its kind.
 *
 * @param region The country of a phone number without a country code, ISO 3166-1; empty for none.
 * @param normal Where the text goes.
 * @return 114 for no identifier of its kind, or no region.
 */
PHYGITAL_API
phygital_status phygital_normalize_identifier(struct phygital_str identifier,
                                              struct phygital_str region,
                                              struct phygital_text *normal);

/**
 * The link that a tag writes at its next read, for tests of one's own.
 *
 * @param url Where the text goes.
 * @return 106 for a tag that cannot be.
 */
PHYGITAL_API
phygital_status phygital_simulate_tap(const struct phygital_soft_tag *tag,
                                      struct phygital_text *url);

/**
 * What the channels of a shop's orders earned by a model: `first`, `last`, `last-non-direct`, `linear`, `time-decay`,
 * `position`, `shapley:sum`, `markov:1` to `markov:16`. Attribution shares out what happened; it does not say what a touch caused.
 *
 * @param json Where the text goes: `model`, `causal` (false), `currency`, `decimals`, `channels`, `total`,
 * `unattributed`; each credit with `channel`, `minor` (cents at two decimals) and `millionths` of conversions.
 * @return 117 for no such model, or orders of several currencies.
 */
PHYGITAL_API
phygital_status phygital_attribute(const struct phygital_store *store,
                                   struct phygital_str model,
                                   struct phygital_text *json);

/**
 * What the channels of these paths earned by a model, without a store: those of phygital_attribute() but `time-decay`, since
 * paths have no times.
 *
 * @param decimals How many decimals values have: 2 for cents.
 * @param rows A JSON list, each with `path` (a list of channels, first touch first), `conversions`, `minor` (what those
 * were worth together) and `nulls` (how many came to nothing).
 * @param json As of phygital_attribute().
 */
PHYGITAL_API
phygital_status phygital_attribute_paths(struct phygital_str model,
                                         uint32_t decimals,
                                         struct phygital_str rows,
                                         struct phygital_text *json);

/**
 * Records that a person asked for one of her rights. An objection and an opt-out of sale and sharing hold at once; the others
 * wait to be carried out: phygital_export_person(), phygital_erase_customer(), phygital_correct(). An action `answer_request`
 * waits until it is acknowledged that she was answered.
 *
 * @param receipt Where the receipt goes; may be NULL.
 */
PHYGITAL_API
phygital_status phygital_request_right(const struct phygital_store *store,
                                       const struct phygital_rights_requested *request,
                                       struct phygital_receipt *receipt);

/**
 * The requests of people that were not answered yet, the most urgent first.
 *
 * @param json Where the text goes: a list, each with the `action` to acknowledge, the `event` by which she asked, the `right`,
 * `received_at`, the first instant that is too late (`due_by`), its `deadlines` (`rule`, `what`, `date`, `before`) and
 * `is_overdue`.
 */
PHYGITAL_API
phygital_status phygital_open_requests(const struct phygital_store *store,
                                       struct phygital_text *json);

/**
 * All that is kept of a customer, for her. Make sure that it is she who asks. Reads every event of hers.
 *
 * @param json Where the text goes: `identifiers`, `consents`, `facts` with the events and sentences they come from, `events`,
 * and what it is used for.
 * @return 401 where there is no such customer.
 */
PHYGITAL_API
phygital_status phygital_export_person(const struct phygital_store *store,
                                       struct phygital_str customer,
                                       struct phygital_text *json);

/**
 * Puts right what is held of a customer, as her own word, which outweighs every other source.
 *
 * @param attribute What of, such as `first_name` or `size.shoes`.
 * @param value What is right; an empty one takes back what she said herself.
 * @param receipt Where the receipt goes; may be NULL.
 * @return 401 where there is no such customer.
 */
PHYGITAL_API
phygital_status phygital_correct(const struct phygital_store *store,
                                 struct phygital_str customer,
                                 struct phygital_str attribute,
                                 struct phygital_str value,
                                 struct phygital_receipt *receipt);

/**
 * Opens a store; makes it where there is none.
 *
 * @param options How.
 * @param store Where the handle goes; NULL on failure. Close it with phygital_store_free().
 */
PHYGITAL_API
phygital_status phygital_open(const struct phygital_options *options,
                              struct phygital_store **store);

/**
 * Closes a store. All that was answered is on the disk. NULL is fine; a call that another thread is in ends first.
 *
 * @return 102 for a handle that was freed already, or is none of a store.
 */
PHYGITAL_API
phygital_status phygital_store_free(struct phygital_store *store);

/**
 * Closes the file until phygital_resume(): before the system suspends the program, or the file is copied. To suspend
 * again changes nothing.
 */
PHYGITAL_API
phygital_status phygital_suspend(const struct phygital_store *store);

/**
 * Opens the file again. To resume what is open changes nothing.
 */
PHYGITAL_API phygital_status phygital_resume(const struct phygital_store *store);

/**
 * Whose store it is, as JSON: `device`, `epoch`, `incarnation`.
 *
 * @param json Where the text goes.
 */
PHYGITAL_API
phygital_status phygital_identity(const struct phygital_store *store,
                                  struct phygital_text *json);

/**
 * For tests: puts this time in the place of the system's, or gives it back its place.
 *
 * @param micros Microseconds since 1970, UTC; 0 for the system's.
 */
PHYGITAL_API phygital_status phygital_set_clock(const struct phygital_store *store, int64_t micros);

/**
 * Enrols a tag, or enrols it again with another place, touchpoint or key epoch. It is active from then on.
 *
 * @param receipt Where the receipt goes; may be NULL.
 */
PHYGITAL_API
phygital_status phygital_enroll(const struct phygital_store *store,
                                const struct phygital_tag_enrolled *tag,
                                struct phygital_receipt *receipt);

/**
 * Changes where a tag is in its life.
 *
 * @param status A phygital_tag_status.
 * @return 404 for a tag that is not in the registry, 116 for a change that a tag's life does not have.
 */
PHYGITAL_API
phygital_status phygital_set_tag_status(const struct phygital_store *store,
                                        struct phygital_str uid,
                                        uint32_t status);

/**
 * A tag as JSON: `uid`, `status`, `place`, `touchpoint`, `key_epoch`, `label`, `enrolled_at`; `null` where it is not in
 * the registry.
 *
 * @param json Where the text goes.
 */
PHYGITAL_API
phygital_status phygital_tag(const struct phygital_store *store,
                             struct phygital_str uid,
                             struct phygital_text *json);

/**
 * At most `most` tags whose UID comes after one, in order of UID, as a JSON list of what phygital_tag() gives.
 *
 * @param after The last of the page before; empty for the first page.
 * @param json Where the text goes.
 */
PHYGITAL_API
phygital_status phygital_tags(const struct phygital_store *store,
                              struct phygital_str after,
                              uint32_t most,
                              struct phygital_text *json);

/**
 * Verifies a tap, records it, and says who it is. When this returns 0, the tap is used up, durably.
 *
 * @param outcome Where the answer goes: all zeros on failure, and then nothing has to be freed. What stood there is not
 * freed: give it back first.
 * @return From 200 on where it does not count: 210 where it was used before.
 */
PHYGITAL_API
phygital_status phygital_verify_tap(const struct phygital_store *store,
                                    const struct phygital_tap_request *request,
                                    struct phygital_tap_outcome *outcome);

/**
 * Frees what an outcome holds, and empties it. NULL, and an outcome that is empty, are fine.
 */
PHYGITAL_API phygital_status phygital_tap_outcome_free(struct phygital_tap_outcome *outcome);

/**
 * What a text costs on the air, and what it lacks or must not hold. Needs no store.
 *
 * @param style JSON: the `brand`, the `domains` that links may lead to, the brand's own `contacts`, and whether it `is_first`
 * to somebody: the brand and how to opt out are due then. All but the brand may be left out.
 * @param json Where the text goes: its `encoding` (`GSM-7`, `UCS-2`), what it costs (`units`, `segments`), and the `findings`,
 * each with `fault`, `at` (bytes) and `refuses`.
 * @return 106 for no such style.
 */
PHYGITAL_API
phygital_status phygital_lint_text(struct phygital_str text,
                                   struct phygital_str style,
                                   struct phygital_text *json);

/**
 * What a text that came in asks for. Needs no store, and decides nothing: phygital_record_message() does.
 *
 * @param context JSON, what was said before; may be left out: `keywords` of the notices that are shown, the `region` of the
 * number, the question that waits (`pending`: `yes_no`, `number`, `choice`, `text`, `any`), whether she was asked to confirm
 * that she joins (`double_opt_in`), and whether an `order` is talked of.
 * @param json Where the text goes: its `intent` (`opt_out`, `opt_out_likely`, `help`, `answer_yes`, `other` and the like),
 * `is_opt_out`, `confidence` in percent, and the `reason`.
 * @return 106 for no such context.
 */
PHYGITAL_API
phygital_status phygital_classify_text(struct phygital_str text,
                                       struct phygital_str context,
                                       struct phygital_text *json);

/**
 * The rules of messages. Not legal advice. Needs no store.
 *
 * @param place Those of a place alone, ISO 3166: `US-FL`; may be left out.
 * @param message_class Those of a phygital_message_class alone; 0 for all.
 * @param book JSON of rules that replace and add by their ids, as the settings have it; may be left out.
 * @param json Where the text goes: a list of rules, each as docs/rules.md has it.
 * @return 106 for no place, 119 for rules that do not hold.
 */
PHYGITAL_API
phygital_status phygital_rules(struct phygital_str place,
                               uint32_t message_class,
                               struct phygital_str book,
                               struct phygital_text *json);

/**
 * What hours and caps say of a message to a phone number. Consent and the text are the gate's: phygital_judge(). Needs no
 * store.
 *
 * @param message_class A phygital_message_class.
 * @param at When, in microseconds since 1970, UTC; 0 for now.
 * @param sent When such messages went to it before, at most 1,000.
 * @param sent_len How many.
 * @param book As of phygital_rules().
 * @param json Where the text goes: `allowed`, the `places` whose rules may apply, the `zones` in which she may be, the rules
 * against it (`refused_by`), `next_allowed` and `open_until`.
 * @return 105 for more times, 114 for no phone number, 119 for rules that do not hold.
 */
PHYGITAL_API
phygital_status phygital_check_rules(struct phygital_str phone,
                                     uint32_t message_class,
                                     int64_t at,
                                     const int64_t *sent,
                                     size_t sent_len,
                                     struct phygital_str book,
                                     struct phygital_text *json);

/**
 * Reads keys from JSON: one key set of NTAG 424 DNA tags, a list of them, or an object with a section for each kind of
 * token. See docs/bindings.md. Wipe your copy afterwards.
 *
 * @param verifier Where the handle goes; NULL on failure. Free it with phygital_verifier_free().
 * @return 112 for keys that are not as they should be; the message names the field, and never what stands there.
 */
PHYGITAL_API
phygital_status phygital_verifier_new(struct phygital_str keys,
                                      struct phygital_verifier **verifier);

/**
 * Frees a verifier. NULL is fine.
 *
 * @return 102 for a handle that was freed already, or is none of a verifier.
 */
PHYGITAL_API phygital_status phygital_verifier_free(struct phygital_verifier *verifier);

/**
 * Judges what was presented: is it genuine? Whether it was used before, only a store can tell.
 *
 * @param at The time in microseconds since 1970, UTC, which matters to tokens that expire; 0 for the system's.
 * @param proof Where the answer goes.
 * @return From 200 on where it is no genuine tap.
 */
PHYGITAL_API
phygital_status phygital_verifier_verify(const struct phygital_verifier *verifier,
                                         const struct phygital_presented *presented,
                                         int64_t at,
                                         struct phygital_tap_proof *proof);

/**
 * The same with all that the token says, as JSON: what phygital_tap_proof has, and `key_label`, `file_data`, `facts`.
 *
 * @param json Where the text goes.
 */
PHYGITAL_API
phygital_status phygital_verifier_facts(const struct phygital_verifier *verifier,
                                        const struct phygital_presented *presented,
                                        int64_t at,
                                        struct phygital_text *json);

/**
 * The customer that an identifier, `kind:value`, belongs to.
 *
 * @param customer Where her id goes: 40 bytes, of which 32 digits and a NUL are used.
 * @return 402 where no event names it.
 */
PHYGITAL_API
phygital_status phygital_find(const struct phygital_store *store,
                              struct phygital_str identifier,
                              char *customer);

/**
 * A customer and her identifiers as JSON, by her id now or by one that she had before a merge: `customer`, `identifiers`.
 *
 * @param json Where the text goes.
 * @return 401 where there is no such customer.
 */
PHYGITAL_API
phygital_status phygital_person(const struct phygital_store *store,
                                struct phygital_str customer,
                                struct phygital_text *json);

/**
 * What may be shown of a customer to somebody in a role, as JSON. Where consent does not permit it the card says why in
 * `withheld` and holds nothing else.
 *
 * @param role A phygital_role.
 * @param json Where the text goes.
 * @return 401 where there is no such customer.
 */
PHYGITAL_API
phygital_status phygital_card(const struct phygital_store *store,
                              struct phygital_str customer,
                              uint32_t role,
                              struct phygital_text *json);

/**
 * The whole profile of a customer, for a purpose that she permits, as JSON.
 *
 * @param purpose A phygital_purpose.
 * @param json Where the text goes.
 * @return 301 where she does not permit it, 401 where there is no such customer.
 */
PHYGITAL_API
phygital_status phygital_profile(const struct phygital_store *store,
                                 struct phygital_str customer,
                                 uint32_t purpose,
                                 struct phygital_text *json);

/**
 * Whether a contact point, `phone:...` or `email:...`, may be used for a purpose now.
 *
 * @param purpose A phygital_purpose.
 * @param decision Where the answer goes.
 * @return 0 for either answer.
 */
PHYGITAL_API
phygital_status phygital_permits(const struct phygital_store *store,
                                 uint32_t purpose,
                                 struct phygital_str contact,
                                 struct phygital_decision *decision);

/**
 * Whether something may be done with a customer now: to recognise, show, measure or share her, which is no matter of one number.
 *
 * @param purpose A phygital_purpose.
 * @param decision Where the answer goes.
 * @return 0 for either answer, 401 where there is no such customer.
 */
PHYGITAL_API
phygital_status phygital_permits_customer(const struct phygital_store *store,
                                          uint32_t purpose,
                                          struct phygital_str customer,
                                          struct phygital_decision *decision);

/**
 * Records that consent was given.
 *
 * @param receipt Where the receipt goes; may be NULL.
 */
PHYGITAL_API
phygital_status phygital_record_opt_in(const struct phygital_store *store,
                                       const struct phygital_consent *consent,
                                       struct phygital_receipt *receipt);

/**
 * Records that consent was withdrawn.
 *
 * @param receipt Where the receipt goes; may be NULL.
 */
PHYGITAL_API
phygital_status phygital_record_opt_out(const struct phygital_store *store,
                                        const struct phygital_consent *consent,
                                        struct phygital_receipt *receipt);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

/** A text that ends with a NUL, lent to a call; NULL for none. */
static inline phygital_str phygital_str_of(const char *text)
{
    phygital_str lent;
    lent.data = text;
    lent.len = text == NULL ? 0 : strlen(text);
    return lent;
}

/** What phygital_str_of() lends, as bytes. */
static inline phygital_bytes phygital_bytes_of(const char *text)
{
    phygital_bytes lent;
    lent.data = (const uint8_t *)text;
    lent.len = text == NULL ? 0 : strlen(text);
    return lent;
}

#define PHYGITAL_INIT(type)                        \
    /** Zeros, with the size of this version. */   \
    static inline type type##_init(void)           \
    {                                              \
        type made;                                 \
        memset(&made, 0, sizeof made);             \
        made.size = sizeof made;                   \
        return made;                               \
    }

PHYGITAL_INIT(phygital_options)
PHYGITAL_INIT(phygital_tag_enrolled)
PHYGITAL_INIT(phygital_tap_request)
PHYGITAL_INIT(phygital_tap_outcome)
PHYGITAL_INIT(phygital_tap_proof)
PHYGITAL_INIT(phygital_receipt)
PHYGITAL_INIT(phygital_message_received)
PHYGITAL_INIT(phygital_consent)
PHYGITAL_INIT(phygital_decision)
PHYGITAL_INIT(phygital_action)
PHYGITAL_INIT(phygital_soft_tag)
PHYGITAL_INIT(phygital_outgoing)
PHYGITAL_INIT(phygital_sending)
PHYGITAL_INIT(phygital_rights_requested)

#undef PHYGITAL_INIT

#endif /* PHYGITAL_H */
