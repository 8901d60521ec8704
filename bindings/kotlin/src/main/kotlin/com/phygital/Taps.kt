package com.phygital

import com.phygital.uniffi.Presented as UniffiPresented
import com.phygital.uniffi.Recognition as UniffiRecognition
import com.phygital.uniffi.TapOutcome as UniffiTapOutcome
import com.phygital.uniffi.TapRequest as UniffiTapRequest
import java.time.Instant

/** What a phone, a tag or a reader delivered. None of it is printed. */
public sealed class Presented(internal val inner: UniffiPresented) {
    /** The URL that a phone opened. */
    public class Url(url: String) : Presented(UniffiPresented.Url(url))

    /** An NDEF message as a reader read it; its first URI record counts. */
    public class NdefMessage(message: ByteArray) : Presented(UniffiPresented.NdefMessage(message))

    /** A COSE_Sign1 token. */
    public class Cose(token: ByteArray) : Presented(UniffiPresented.Cose(token))

    /** A PASETO token. */
    public class Paseto(token: String) : Presented(UniffiPresented.Paseto(token))

    /** A rotating code, and the screen, as the keys name it, that showed it. */
    public class Code(screen: String, code: String) : Presented(UniffiPresented.Code(screen, code))

    /** What a beacon advertised, whole. */
    public class Advertisement(bytes: ByteArray) : Presented(UniffiPresented.Advertisement(bytes))

    /** The originality signature of the chip with that UID, as Read_Sig gives it. */
    public class Originality(uid: ByteArray, signature: ByteArray) :
        Presented(UniffiPresented.Originality(uid, signature))

    /**
     * The cryptogram with which an iPhone answered a reader for a pass (Apple VAS), of a type such as
     * `pass.com.example.loyalty`. Commercial use needs Apple's approval.
     */
    public class AppleVas(passType: String, cryptogram: ByteArray) :
        Presented(UniffiPresented.AppleVas(passType, cryptogram))

    /**
     * The message of a pass of Apple Wallet that a certified reader decrypted by itself, with the phone's clock where the
     * reader tells it: its word, which the host vouches for. [Assurance.STATIC] for a reader that hands over the message
     * alone, at most [Assurance.DYNAMIC].
     */
    public class ApplePass(passType: String, message: ByteArray, vouched: Assurance, deviceTime: Instant? = null) :
        Presented(UniffiPresented.ApplePass(passType, message, deviceTime?.micros(), vouched))

    /**
     * The same of a pass of Google Wallet (Smart Tap): its service number, the collector that it was given to, its kind, such
     * as `ly` for loyalty, and its id at Google, empty where the phone does not tell it.
     */
    public class GooglePass(collector: Int, kind: String, objectId: ByteArray, message: ByteArray, vouched: Assurance) :
        Presented(UniffiPresented.GooglePass(count("collector", collector), kind, objectId, message, vouched))

    final override fun toString(): String = "Presented.${javaClass.simpleName}(..)"
}

/**
 * A tap as the host received it. Only what was presented has to be given.
 *
 * @property presented what was delivered.
 * @property place where it was tapped, where that is not where the tag was enrolled.
 * @property touchpoint what was tapped, where that is not what the tag was enrolled with.
 * @property client what tells this client from others, such as its session: it may send the same tap again for a short while.
 * @property identifiers identifiers that came with it, as `kind:value`.
 * @property shownTo asks for the customer's card as well, for somebody in this role.
 */
public data class TapRequest(
    val presented: Presented,
    val place: String? = null,
    val touchpoint: String? = null,
    val client: String? = null,
    val identifiers: List<String> = emptyList(),
    val shownTo: Role? = null,
) {
    override fun toString(): String = "TapRequest(..)"

    internal fun inner() = UniffiTapRequest(presented.inner, place, touchpoint, client, identifiers, shownTo)
}

/**
 * Who tapped.
 *
 * @property customer the id of her, or of her history so far: 32 digits.
 */
public sealed class Recognition {
    public abstract val customer: String

    /** A customer who agreed to be known. */
    public data class Known(override val customer: String) : Recognition()

    /** Somebody unknown, or somebody who did not agree to be known. */
    public data class Anonymous(override val customer: String) : Recognition()
}

/**
 * What a tap came to.
 *
 * @property event the key of the event that the tap became, 32 digits.
 * @property repeated whether the same client had sent it before, so that this is the first answer again.
 * @property late whether a later tap of the tag had counted before it.
 * @property proof what was proven.
 * @property place where.
 * @property touchpoint on what.
 * @property recognition who it is.
 * @property card her card as JSON, where it was asked for and she is known.
 * @property optIn what to offer somebody unknown.
 */
public data class TapOutcome(
    val event: String,
    val repeated: Boolean,
    val late: Boolean,
    val proof: TapProof,
    val place: String?,
    val touchpoint: String?,
    val recognition: Recognition,
    val card: String?,
    val optIn: OptIn?,
) {
    override fun toString(): String = "TapOutcome(..)"

    internal companion object {
        fun of(it: UniffiTapOutcome) =
            TapOutcome(
                it.event,
                it.repeated,
                it.late,
                it.proof,
                it.place,
                it.touchpoint,
                when (val who = it.recognition) {
                    is UniffiRecognition.Known -> Recognition.Known(who.customer)
                    is UniffiRecognition.Anonymous -> Recognition.Anonymous(who.customer)
                },
                it.card,
                it.optIn,
            )
    }
}
