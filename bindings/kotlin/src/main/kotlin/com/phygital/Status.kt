package com.phygital

/**
 * What a number means. Hundreds are families: 1 the caller, 2 the tap, 3 consent, 4 what is not there, 5 the store, 6 the
 * state of the object, 9 a fault of the library or of the system. A number keeps its meaning for ever, here and in C.
 */
public enum class Status(public val number: Int) {
    /** It was closed before. */
    WRONG_HANDLE(102),
    /** A text has half a surrogate pair in it, so it is none. */
    INVALID_UTF8(104),
    /** Longer than anything that is read. */
    TOO_LARGE(105),
    /** A value that is none of those expected. */
    INVALID_ARGUMENT(106),
    /** The event is not as it should be. */
    MALFORMED_EVENT(110),
    /** An event of that source and id was recorded with another content. */
    CONFLICT(111),
    /** The keys are not as they should be. */
    MALFORMED_KEYS(112),
    /** The settings are not as they should be. */
    MALFORMED_SETTINGS(113),
    /** No identifier of its kind. */
    MALFORMED_IDENTIFIER(114),
    /** A rule that the documentation states was broken. */
    MISUSE(115),
    /** The life of a tag has no such change. */
    TAG_STATUS_REFUSED(116),
    /** The model does not go with these journeys, or there is none of that name. */
    MODEL_REFUSED(117),
    /** The consent of another system is not as it should be. */
    MALFORMED_CONSENT(118),
    /** The rules of messages are not as they should be. */
    MALFORMED_RULES(119),
    /** A topic of conversation is not as it should be. */
    MALFORMED_TOPIC(120),
    /** What was delivered is no tap, or was damaged on its way. */
    TAP_MALFORMED(201),
    /** The tag that it names did not make it. */
    TAP_FORGED(202),
    /** It cannot be judged for want of a key. */
    TAP_UNAUTHENTICATED(203),
    /** Genuine, and out of its time or place. */
    TAP_STALE(204),
    /** Genuine, and used before. */
    TAP_REPLAYED(210),
    /** Genuine, and does not count for another reason: an unknown, suspended, lost or retired tag. */
    TAP_NOT_COUNTED(211),
    /** Its source sent too many that were not genuine. */
    TAP_TOO_MANY_FAILURES(220),
    /** Consent does not permit it. */
    NOT_PERMITTED(301),
    /** There is no such customer. */
    UNKNOWN_CUSTOMER(401),
    /** No customer has that identifier. */
    UNKNOWN_IDENTIFIER(402),
    /** No such action waits. */
    UNKNOWN_ACTION(403),
    /** No such tag is in the registry. */
    UNKNOWN_TAG(404),
    /** There is no such order. */
    UNKNOWN_ORDER(405),
    /** Another process holds the store: try again. */
    STORAGE_BUSY(501),
    /** The disk is full. */
    STORAGE_FULL(502),
    /** The store may not be written. */
    STORAGE_READ_ONLY(503),
    /** The store cannot be opened. */
    STORAGE_UNOPENED(504),
    /** The store, or its log, is damaged or something else. */
    STORAGE_CORRUPT(505),
    /** A newer version of this library wrote the store. */
    STORAGE_NEWER(506),
    /** Input or output failed. */
    STORAGE_IO(507),
    /** It is open what was written: suspend and resume. */
    STORAGE_REOPEN(508),
    /** The store is suspended: resume it first. */
    SUSPENDED(601),
    /** A panic within: please report it. The store is suspended. */
    PANIC(901),
    /** A fault of the library: please report it. */
    BUG(902),
    /** The system gave no randomness. */
    NO_ENTROPY(903),
    /** The system's clock is before 1970 or after 9999. */
    NO_CLOCK(904),
    ;

    public companion object {
        /** The one of a number; none for one that only a newer library, or another language, knows. */
        public fun of(number: Int): Status? = entries.find { it.number == number }
    }
}
