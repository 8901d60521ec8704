package com.phygital

import com.phygital.uniffi.PhygitalInterface as UniffiPhygital
import com.phygital.uniffi.Phygital as UniffiStore
import java.time.Instant
import kotlinx.coroutines.CancellationException
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.withContext

/**
 * An open store: taps, people, consents and what waits to be carried out. Safe to use from any thread.
 *
 * ```
 * Phygital.open(Options(path = "shop.db", keys = keys)).use { shop ->
 *     val tap = shop.verifyTap(TapRequest(Presented.Url(url), shownTo = Role.ASSOCIATE))
 *     when (val who = tap.recognition) {
 *         is Recognition.Known -> show(tap.card)
 *         is Recognition.Anonymous -> tap.optIn?.let(::offer)
 *     }
 * }
 * ```
 *
 * Calls suspend and touch the disk on [Dispatchers.IO], one at a time and in their order; other processes may have the same
 * file open. One that began is carried out though its coroutine is cancelled; its answer is lost then, and asking again
 * gives it again where that is said. Whoever opened it closes it: `use {}` does.
 *
 * Every call throws [PhygitalException] and nothing else of ours: also [Status.SUSPENDED] while it is suspended,
 * [Status.WRONG_HANDLE] once it was closed, and [Status.PANIC], after which it has to be resumed.
 */
public class Phygital private constructor(private val inner: UniffiStore) : AutoCloseable {
    private val turn = Dispatchers.IO.limitedParallelism(1)

    private suspend fun <T> on(act: UniffiPhygital.() -> T): T = withContext(turn) { checked { inner.act() } }

    /** Whose store it is. */
    public suspend fun identity(): StoreIdentity = on { identity() }

    /**
     * Closes the file until [resume]: before a phone suspends the app, since whoever holds a file then is ended. All that
     * was answered is on the disk. To suspend again changes nothing.
     */
    public suspend fun suspend(): Unit = on { suspend() }

    /** Opens the file again. To resume what is open changes nothing. */
    public suspend fun resume(): Unit = on { resume() }

    /** For tests: puts this time in the place of the system's, or gives it back its place. */
    public suspend fun setClock(clock: Instant?): Unit = on { setClock(clock?.micros()) }

    /**
     * Verifies a tap, records it, and says who it is. When this returns, the tap is used up, durably.
     *
     * @throws PhygitalException.Tap where it does not count: [Status.TAP_REPLAYED] where it was used before.
     */
    public suspend fun verifyTap(request: TapRequest): TapOutcome = on { TapOutcome.of(verifyTap(request.inner())) }

    /** Enrols a tag, or enrols it again with another place, touchpoint or key epoch. It is active from then on. */
    public suspend fun enroll(tag: TagEnrolled): Receipt = on { enroll(tag) }

    /** Changes where a tag is in its life. */
    public suspend fun setTagStatus(uid: String, status: TagStatus): Receipt = on { setTagStatus(uid, status) }

    /** A tag by its UID, 14 digits; null where it is not in the registry. */
    public suspend fun tag(uid: String): Tag? = on { tag(uid) }

    /** At most [most] tags whose UID comes after [after], in order of UID. */
    public suspend fun tags(after: String? = null, most: Int = 1000): List<Tag> = on { tags(after, count("most", most)) }

    /**
     * The customer that an identifier, `kind:value`, belongs to; null where no event names it. Customers are known by 32
     * digits.
     */
    public suspend fun find(identifier: String): String? = on { find(identifier) }

    /** A customer and her identifiers, by her id now or by one that she had before a merge. */
    public suspend fun person(customer: String): Person = on { person(customer) }

    /**
     * What may be shown of a customer to somebody in a role, as JSON. Where consent does not permit it the card says why in
     * `withheld` and holds nothing else.
     */
    public suspend fun card(customer: String, role: Role): String = on { card(customer, role) }

    /**
     * The whole profile of a customer, for a purpose that she permits, as JSON.
     *
     * @throws PhygitalException.Consent where she does not.
     */
    public suspend fun profile(customer: String, purpose: Purpose): String = on { profile(customer, purpose) }

    /**
     * Records an event, a CloudEvent or a Segment message in JSON, and decides what follows from it. To send it again gives
     * the first receipt again.
     */
    public suspend fun record(event: String): Receipt = on { record(event) }

    /**
     * Records at most 10,000 events in one transaction, and answers for each, in their order. Much faster than one by one.
     */
    public suspend fun recordAll(events: List<String>): List<Recorded> = on { recordAll(events).map(Recorded::of) }

    /**
     * Takes in a text message: a wish to be left alone, a code that joins, an answer to what was asked, or anything else. What
     * is to be answered waits in [due]; what was done says [followed].
     */
    public suspend fun recordMessage(message: MessageReceived): Receipt =
        on { recordMessage(message.copy(at = message.at?.micros())) }

    /** Whether a contact point, `phone:…` or `email:…`, may be used for a purpose now. */
    public suspend fun permits(purpose: Purpose, contact: String): Decision = on { permits(purpose, contact) }

    /**
     * Whether something may be done with a customer now: to recognise, show, measure or share her, which is no matter of one
     * number.
     */
    public suspend fun permitsCustomer(purpose: Purpose, customer: String): Decision =
        on { permitsCustomer(purpose, customer) }

    /** Records that consent was given. */
    public suspend fun recordOptIn(consent: OptedIn): Receipt =
        on { recordOptIn(consent.copy(at = consent.at?.micros(), expiresAt = consent.expiresAt?.micros())) }

    /** Records that consent was withdrawn. */
    public suspend fun recordOptOut(consent: OptedOut): Receipt =
        on { recordOptOut(consent.copy(at = consent.at?.micros())) }

    /**
     * Receipts of the consent of a contact point, for its owner: a JSON list, of each purpose of which anything was said one
     * receipt after ISO/IEC TS 27560, with its whole record.
     */
    public suspend fun consentReceipts(contact: String, purpose: Purpose? = null): String =
        on { consentReceipts(contact, purpose) }

    /** What is permitted of a contact point as Segment has it, as JSON: what goes into the `context` of a message. */
    public suspend fun segmentConsent(contact: String): String = on { segmentConsent(contact) }

    /**
     * Records consent that another system kept: a record or a receipt of ISO/IEC TS 27560, or a message of Segment with its
     * consent object, in JSON. The same text again is known. The signal of a browser needs no call of its own: an event with
     * `gpc` in its context brings it.
     *
     * @param source that system, as `//consent.example`.
     */
    public suspend fun importConsent(text: String, source: String): Imported = on { importConsent(text, source) }

    /**
     * Takes note that somebody else than its owner keeps messages from a contact point: the network, the gateway, a register,
     * staff. [code] is what the gateway calls it, such as `21610`.
     */
    public suspend fun suppress(contact: String, cause: SuppressionCause, code: String? = null): Receipt =
        on { suppress(contact, cause, code) }

    /** Takes note that a cause keeps messages no longer from a contact point. What its owner said stands. */
    public suspend fun liftSuppression(contact: String, cause: SuppressionCause): Receipt =
        on { liftSuppression(contact, cause) }

    /** Where a contact point stands in consent and conversation, as JSON: see docs/bindings.md. */
    public suspend fun contactState(contact: String): String = on { contactState(contact) }

    /**
     * Records that a person asked for one of her rights. An objection and an opt-out of sale and sharing hold at once; the others
     * wait to be carried out: [exportPerson], [eraseCustomer], [correct]. An action `answer_request` waits until it is
     * acknowledged that she was answered.
     */
    public suspend fun requestRight(request: RightsRequested): Receipt =
        on { requestRight(request.copy(at = request.at?.micros())) }

    /** The requests of people that were not answered yet, the most urgent first, as a JSON list: see docs/bindings.md. */
    public suspend fun openRequests(): String = on { openRequests() }

    /** All that is kept of a customer, as JSON for her. Make sure that it is she who asks. Reads every event of hers. */
    public suspend fun exportPerson(customer: String): String = on { exportPerson(customer) }

    /**
     * Puts right what is held of a customer, as her own word, which outweighs every other source; an empty value takes back what
     * she said herself.
     */
    public suspend fun correct(customer: String, attribute: String, value: String): Receipt =
        on { correct(customer, attribute, value) }

    /** What the gate says of a message now. Writes nothing. */
    public suspend fun judge(message: Outgoing): Verdict =
        on { judge(message.copy(expiresAt = message.expiresAt?.micros())) }

    /**
     * Asks for a message to be sent. Where the gate lets it out, an action `send_message` of its id waits in the outbox, with the
     * time at which it expires. That it does not go out is an answer: nothing is thrown.
     */
    public suspend fun send(message: Outgoing): Sending =
        on { send(message.copy(expiresAt = message.expiresAt?.micros())) }

    /**
     * Opens a topic of the options with a customer, in the language that suits [language] best; where none is said, in that of
     * her profile.
     */
    public suspend fun openTopic(contact: String, topic: String, language: String? = null): Opened =
        on { openTopic(contact, topic, language) }

    /**
     * Takes in a text message as [recordMessage] does, with what somebody else makes of it. That counts only where the rules find
     * nothing in the text that answers the question that waits, or more than one thing, and only if the type of that question
     * reads it, as a whole and without doubt; it opts nobody in or out. What does not count is dropped: nothing is thrown.
     *
     * A text counts once: ask the model first, by the topic and the question of [contactState], and say when the message was
     * sent. Another question may wait by now, which it was sent too early to answer.
     */
    public suspend fun hear(message: MessageReceived, proposal: Proposal): Receipt =
        on { hear(message.copy(at = message.at?.micros()), proposal.inner) }

    /**
     * At most [most] topics, up to 1,000, that are to be followed up now; the one whose question waits longest comes first. What
     * the gate does not let out stays in the list: to get by it ask again [behind] the place of the last, until none comes.
     */
    public suspend fun followUps(behind: String? = null, most: Int = 100): List<FollowUp> =
        on { followUps(behind, count("most", most)) }

    /**
     * Takes note of silence in the open topic of a contact point: asks again, or ends it, where it is time to. [followUps]
     * lists where that is, and [contactState] tells when.
     */
    public suspend fun followUp(contact: String): Opened = on { followUp(contact) }

    /**
     * What was decided because of an event, by the key of its receipt: a JSON list of events in the form of CloudEvents. The same
     * whenever it is asked.
     */
    public suspend fun followed(event: String): String = on { followed(event) }

    /**
     * At most [most] actions to carry out now, oldest cause first: not those that expired, nor messages that the gate does not
     * let out now. They are due until they are acknowledged: nothing is ever called back.
     */
    public suspend fun due(most: Int = 100): List<Action> = on { due(count("most", most)) }

    /** Takes note of how an action went; it waits no longer. Saying it again changes nothing. */
    public suspend fun acknowledge(id: String, outcome: Outcome): Receipt = on { acknowledge(id, outcome) }

    /**
     * What the channels of this shop's orders earned by a model: `first`, `last`, `last-non-direct`, `linear`, `time-decay`,
     * `position`, `shapley:sum`, `markov:1` to `markov:16`. Touches without consent to be measured do not count.
     */
    public suspend fun attribute(model: String): Attribution = on { attribute(model) }

    /**
     * How lately, how often and for how much customers bought, of those who permit measurement, in [classes] classes of each
     * (2 to 10; the highest is the best), as JSON: see docs/bindings.md. [currency], ISO 4217, may be left out where all orders
     * are of one. Reads the whole log.
     */
    public suspend fun rfm(classes: Int = 5, currency: String? = null): String =
        on { rfm(count("classes", classes), currency) }

    /** Why two identifiers, `kind:value` each, are one customer, or are not, as JSON: see docs/bindings.md. */
    public suspend fun explain(one: String, other: String): String = on { explain(one, other) }

    /**
     * What a person should look at, at most [most] questions, the worst first, as JSON: see docs/bindings.md. Reads
     * everything that ties identifiers: not a call for while somebody waits at a till.
     */
    public suspend fun review(most: Int = 50): String = on { review(count("most", most)) }

    /** Who lives together, as JSON: see docs/bindings.md. Reads every identifier, as [review] does. */
    public suspend fun households(): String = on { households() }

    /** Forgets an identifier, `kind:value`, now and whenever it comes again. What it had opted out of stays, under a key. */
    public suspend fun eraseIdentifier(identifier: String): Erased = on { eraseIdentifier(identifier) }

    /** Forgets a customer: the identifiers that are hers alone, and all that her events say. */
    public suspend fun eraseCustomer(customer: String): Erased = on { eraseCustomer(customer) }

    /** Closes the store once the calls that began have ended. It touches the disk. To close it again changes nothing. */
    override fun close(): Unit = inner.close()

    override fun toString(): String = "Phygital"

    public companion object {
        /** Opens a store; makes it where there is none. */
        public suspend fun open(options: Options): Phygital {
            var opened: Phygital? = null
            try {
                return withContext(Dispatchers.IO) {
                    checked { Phygital(UniffiStore.open(options.copy(clock = options.clock?.micros()))) }.also { opened = it }
                }
            } catch (cancelled: CancellationException) {
                opened?.close()
                throw cancelled
            }
        }
    }
}
