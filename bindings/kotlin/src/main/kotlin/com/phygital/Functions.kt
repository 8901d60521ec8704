package com.phygital

import com.phygital.uniffi.assignArm as uniffiAssignArm
import com.phygital.uniffi.attributePaths as uniffiAttributePaths
import com.phygital.uniffi.checkRules as uniffiCheckRules
import com.phygital.uniffi.classifyText as uniffiClassifyText
import com.phygital.uniffi.lintText as uniffiLintText
import com.phygital.uniffi.normalizeIdentifier as uniffiNormalizeIdentifier
import com.phygital.uniffi.rules as uniffiRules
import com.phygital.uniffi.simulateTap as uniffiSimulateTap
import com.phygital.uniffi.version as uniffiVersion
import java.time.Instant
import java.time.temporal.ChronoUnit

/** The version of the library, such as `0.1.0`. */
public fun version(): String = checked { uniffiVersion() }

/**
 * An identifier, `kind:value` such as `phone:06 12 34 56 78`, in the normal form of its kind. A phone number without a
 * country code belongs to [region], ISO 3166-1 in two capital letters. Needs no store.
 */
public fun normalizeIdentifier(identifier: String, region: String? = null): String =
    checked { uniffiNormalizeIdentifier(identifier, region) }

/**
 * Which arm of an experiment somebody is in, by a hash of her id: the same at every till, phone and server, without asking any.
 * Needs no store.
 *
 * @param experiment JSON: its `seed`, of its own; `arms`, a list of `arm` and `weight`, which sum to 1; and, where they are
 *   wanted, `coverage`, `namespace` (`name`, `from`, `to`), `holdout` (`seed`, `part`) and `hash_version` (2, or 1).
 */
public fun assignArm(experiment: String, unit: String): Assigned = checked { uniffiAssignArm(experiment, unit) }

/**
 * What the channels of these paths earned by a model, of those that [Phygital.attribute] takes but `time-decay`, since paths
 * have no times; `direct` is the channel that nothing led to. Needs no store; takes long for many paths, then call it on a dispatcher of your choice.
 *
 * @param decimals how many decimals the values have: 2 for cents.
 */
public fun attributePaths(model: String, decimals: Int, rows: List<PathRow>): Attribution =
    checked { uniffiAttributePaths(model, count("decimals", decimals).coerceAtMost(255u).toUByte(), rows) }

/** What a text costs on the air, and what it lacks or must not hold. Needs no store. */
public fun lintText(text: String, style: TextStyle): TextLint = checked { uniffiLintText(text, style) }

/** What a text that came in asks for. Needs no store, and decides nothing: [Phygital.recordMessage] does. */
public fun classifyText(text: String, context: TextContext = TextContext()): TextReading =
    checked { uniffiClassifyText(text, context) }

/**
 * The rules of messages as a JSON list, each as docs/rules.md has it: of a [place], ISO 3166 (`US-FL`), and of a class, where they
 * are given. Not legal advice. Needs no store.
 *
 * @param book JSON of rules that replace and add by their ids, as the settings have it.
 */
public fun rules(place: String? = null, messageClass: MessageClass? = null, book: String = ""): String =
    checked { uniffiRules(place, messageClass, book) }

/**
 * What hours and caps say of a message to a phone number, as JSON: see docs/bindings.md. Consent and the text are the gate's:
 * [Phygital.judge]. Needs no store.
 *
 * @param at when; now, unless said.
 * @param sent when such messages went to it before, at most 1,000.
 */
public fun checkRules(
    phone: String,
    messageClass: MessageClass,
    at: Instant? = null,
    sent: List<Instant> = emptyList(),
    book: String = "",
): String = checked { uniffiCheckRules(phone, messageClass, at?.micros(), sent.map { it.micros() }, book) }

/** The link that a tag in software writes at its next read, always the same. For tests of one's own; needs no store. */
public fun simulateTap(tag: SoftTag): String = checked { uniffiSimulateTap(tag) }

private val YEAR_10000 = Instant.parse("+10000-01-01T00:00:00Z")

/** A time as the library has it: whole microseconds, from 1970 to the end of 9999. */
internal fun Instant.micros(): Instant {
    if (this < Instant.EPOCH || this >= YEAR_10000) {
        val detail = "time: expected one from 1970-01-01 to 9999-12-31"
        throw PhygitalException.Argument(Status.INVALID_ARGUMENT.number, "invalid_argument", detail)
    }
    return truncatedTo(ChronoUnit.MICROS)
}
