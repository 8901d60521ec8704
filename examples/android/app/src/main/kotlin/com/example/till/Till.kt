package com.example.till

import com.phygital.Action
import com.phygital.Options
import com.phygital.Outcome
import com.phygital.Phygital
import com.phygital.PhygitalException
import com.phygital.Presented
import com.phygital.Recognition
import com.phygital.Role
import com.phygital.TagEnrolled
import com.phygital.TapRequest

/** What the screen shows after a tap. */
sealed interface Shown {
    /** Somebody who agreed to be known: her card, as JSON. */
    data class Card(val json: String) : Shown

    /** Somebody unknown: the notice, to be read whole, and the link that opens her phone's messages. */
    data class Offer(val notice: String, val link: String) : Shown

    /** Somebody unknown, and the shop has no notice. */
    data object Nobody : Shown

    /** A copied link, a tag of another shop, or one that was lost. */
    data object Again : Shown

    /** The store cannot go on without somebody. */
    data class Trouble(val code: Int) : Shown
}

/** A till: knows the shop and nothing of the screen, so that it is tested without a phone. */
class Till private constructor(private val shop: Phygital) : AutoCloseable {
    /** A tag was held to the phone, and this NDEF message read from it. */
    suspend fun tapped(message: ByteArray): Shown =
        try {
            val request = TapRequest(Presented.NdefMessage(message), shownTo = Role.ASSOCIATE)
            val tap = shop.verifyTap(request)
            val card = tap.card
            val offer = tap.optIn
            when {
                tap.recognition is Recognition.Known && card != null -> Shown.Card(card)
                offer != null -> Shown.Offer(offer.notice, offer.link)
                else -> Shown.Nobody
            }
        } catch (_: PhygitalException.Tap) {
            Shown.Again
        } catch (error: PhygitalException) {
            Shown.Trouble(error.code)
        }

    /** Puts a tag into service. */
    suspend fun enroll(uid: String, place: String) {
        shop.enroll(TagEnrolled(uid = uid, place = place))
    }

    /** Carries out what waits. What could not be sent waits on: to send it twice is for the gateway to tell by its id. */
    suspend fun outbox(send: suspend (Action) -> Boolean): Int {
        var sent = 0
        for (action in shop.due()) {
            if (send(action)) {
                shop.acknowledge(action.id, Outcome.DELIVERED)
                sent++
            }
        }
        return sent
    }

    /** Before the app is stopped: nobody may hold the file then. */
    suspend fun pause() = shop.suspend()

    suspend fun resume() = shop.resume()

    override fun close() = shop.close()

    companion object {
        /** `keys` come from where the app keeps secrets: the Keystore, never the source. */
        suspend fun open(path: String, settings: String, keys: String): Till =
            Till(Phygital.open(Options(path = path, settings = settings, keys = keys)))
    }
}
