package com.phygital

import com.phygital.Shop.CONTACT
import com.phygital.Shop.NOON
import com.phygital.Shop.UID
import com.phygital.Shop.link
import com.phygital.Shop.seen
import com.phygital.Shop.tap
import com.phygital.Shop.text
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test

/**
 * The story that every binding plays: a tag is enrolled, tapped, a copied link refused; somebody opts in by text, is known,
 * shown, and leaves again.
 */
class StoryTest {
    private val order =
        """{"specversion": "1.0", "id": "o-1", "source": "//till/1", "type": "com.phygital.order_completed",
            "time": "2026-11-21T12:00:00Z", "data": {"identifiers": {"phone": "${Shop.NUMBER}"}, "place": "paris-1",
            "properties": {"order_id": "o-1", "revenue": 149.90, "currency": "EUR",
                "products": [{"sku": "BOOT-38", "category": "Shoes", "size": "38"}]}}}"""

    @Test
    fun aTapBecomesAKnownCustomer(): Unit =
        Shop.within {
            refused(Status.TAP_NOT_COUNTED) { verifyTap(tap(0)) }
            assertTrue(enroll(TagEnrolled(uid = UID, place = "paris-1")).isNew)
            optsIn()
            val customer = isKnown()
            orders(customer)
            standsAmongAll(customer)
            leaves(customer)
        }

    private suspend fun Phygital.optsIn() {
        val first = verifyTap(tap(1))
        assertTrue(first.recognition is Recognition.Anonymous)
        assertEquals(2u, first.proof.readCtr)
        assertEquals("paris-1", first.place)
        assertEquals(Assurance.DYNAMIC, first.proof.assurance)
        val offer = first.optIn!!
        assertTrue(offer.link, offer.link.startsWith("sms:+12015550101?&body=JOIN%20"))
        assertTrue(offer.expiresAt > NOON)
        assertEquals("replayed", refused(Status.TAP_REPLAYED) { verifyTap(tap(1)) }.reason)
        val url = link(5)
        val forged = TapRequest(Presented.Url(url.dropLast(1) + if (url.last() == '0') '1' else '0'))
        assertEquals("mac_mismatch", refused(Status.TAP_FORGED) { verifyTap(forged) }.reason)

        assertTrue(recordMessage(text("m-1", offer.message)).isNew)
        assertFalse("a gateway may say it twice", recordMessage(text("m-1", offer.message)).isNew)
        refused(Status.CONFLICT) { recordMessage(text("m-1", "other")) }
        val due = due().single()
        assertEquals("answer_message", due.action)
        assertEquals(CONTACT, due.to)
        assertTrue(due.text!!.startsWith("Wren & Co: welcome"))
        acknowledge(due.id, Outcome.DELIVERED)
        assertTrue(due().isEmpty())
        refused(Status.UNKNOWN_ACTION) { acknowledge("never", Outcome.FAILED) }
    }

    private suspend fun Phygital.isKnown(): String {
        val tap = verifyTap(seen(2))
        val customer =
            when (val who = tap.recognition) {
                is Recognition.Known -> who.customer
                is Recognition.Anonymous -> throw AssertionError("she agreed to be known")
            }
        assertEquals(card(customer, Role.ASSOCIATE), tap.card)
        assertEquals(customer, find(CONTACT))
        assertTrue(CONTACT in person(customer).identifiers)
        val allowed = permits(Purpose.PERSONALIZATION, CONTACT)
        assertTrue(allowed.allowed)
        assertEquals(listOf("granted"), allowed.reasons)
        assertEquals(32, allowed.proofs.single().length)
        val never = permits(Purpose.MARKETING, CONTACT)
        assertFalse(never.allowed)
        assertEquals(listOf("never_asked"), never.reasons)
        return customer
    }

    private suspend fun Phygital.orders(customer: String) {
        val (new, bad, old) = recordAll(listOf(order, "{}", order))
        assertTrue((new as Recorded.Accepted).receipt.isNew)
        assertEquals(Status.MALFORMED_EVENT, (bad as Recorded.Refused).error.status)
        assertFalse((old as Recorded.Accepted).receipt.isNew)
        assertFalse(record(order).isNew)
        assertTrue("BOOT-38" in card(customer, Role.ASSOCIATE))
        assertTrue("BOOT-38" in profile(customer, Purpose.PERSONALIZATION))
        val earned = attribute("linear")
        assertEquals(14_990, earned.total.minor)
        assertEquals("EUR", earned.currency)
        assertFalse(earned.causal)
        assertEquals(14_990, earned.channels.sumOf { it.minor } + earned.unattributed.minor)
    }

    private suspend fun Phygital.standsAmongAll(customer: String) {
        assertEquals(14_990, attribute("time-decay").total.minor)
        val apart = explain(CONTACT, "loyalty:L-7")
        assertTrue(apart, "\"same\":false" in apart && "\"reason\":\"unknown\"" in apart)
        assertTrue("\"same\":true" in explain(CONTACT, CONTACT))
        refused(Status.MALFORMED_IDENTIFIER) { explain("ada", CONTACT) }
        assertTrue("\"questions\":[]" in review())
        assertEquals("[]", households())
        assertTrue(customer in rfm() && customer !in rfm(currency = "USD"))
        refused(Status.INVALID_ARGUMENT) { rfm(classes = 1) }
        refused(Status.INVALID_ARGUMENT) { review(-1) }
    }

    private suspend fun Phygital.leaves(customer: String) {
        recordOptOut(OptedOut(contact = CONTACT))
        assertTrue(verifyTap(seen(3)).recognition is Recognition.Anonymous)
        val card = card(customer, Role.ASSOCIATE)
        assertTrue(card, """"withheld":["withdrawn"]""" in card && "BOOT" !in card)
        assertEquals("withdrawn", refused(Status.NOT_PERMITTED) { profile(customer, Purpose.PERSONALIZATION) }.reason)
        assertEquals(1uL, eraseIdentifier(CONTACT).identifiers)
        assertNull(find(CONTACT))
        refused(Status.UNKNOWN_CUSTOMER) { eraseCustomer("0".repeat(32)) }
        setTagStatus(UID, TagStatus.LOST)
        assertEquals("lost", refused(Status.TAP_NOT_COUNTED) { verifyTap(tap(4)) }.reason)
        assertEquals(TagStatus.LOST, tag(UID)?.status)
        assertEquals(listOf(UID), tags().map { it.uid })
        assertNull(tag("04000000000000"))
    }

    @Test
    fun consentAtTheTillCountsUntilItExpires(): Unit =
        Shop.within {
            val contact = "email:ada@shop.example"
            val consent =
                OptedIn(
                    contact = contact,
                    purposes = listOf(Purpose.MARKETING),
                    method = ConsentMethod.PAPER,
                    id = "paper-7",
                    noticeId = "tap-sms-1",
                    evidence = listOf("paper 7"),
                    expiresAt = NOON.plusSeconds(60),
                )
            assertTrue(recordOptIn(consent).isNew)
            assertFalse(recordOptIn(consent).isNew)
            assertTrue(permits(Purpose.MARKETING, contact).allowed)
            setClock(NOON.plusSeconds(60))
            assertEquals(listOf("expired"), permits(Purpose.MARKETING, contact).reasons)
            setClock(null)
        }

    @Test
    fun suspendedAndResumedItIsTheSameStore(): Unit =
        Shop.within {
            val before = identity()
            suspend()
            suspend()
            assertTrue(refused(Status.SUSPENDED) { identity() } is PhygitalException.State)
            resume()
            resume()
            assertEquals(before.device, identity().device)
            assertNotEquals(before.incarnation, identity().incarnation)
        }

    @Test
    fun aSeedGivesTheSameBytes() {
        val told =
            List(2) {
                Shop.within {
                    enroll(TagEnrolled(uid = UID))
                    val outcome = verifyTap(tap(1))
                    Triple(identity(), outcome.event, outcome.optIn!!.code)
                }
            }
        assertEquals(told[0], told[1])
    }

    @Test
    fun whatNeedsNoStore() {
        Verifier.fromJson(Shop.KEYS).use { verifier ->
            val proof = verifier.verify(Presented.Url(link(40)))
            assertEquals(UID, proof.uid)
            assertEquals("ntag424-aes", proof.scheme)
            assertEquals(41u, proof.readCtr)
            assertEquals(0u, proof.keyEpoch)
            assertTrue(proof.facts.any { it.name == "uid" && it.value == UID && it.authenticated })
            refused(Status.TAP_MALFORMED) { verifier.verify(Presented.NdefMessage(ByteArray(4)), NOON) }
        }
        Verifier.fromJson("").use { none -> refused(Status.TAP_UNAUTHENTICATED) { none.verify(Presented.Url(link(1))) } }
        Verifier.fromJson("").use { none ->
            val google = Presented.GooglePass(20_180_608, "ly", ByteArray(0), "42".toByteArray(), Assurance.LIVE)
            assertEquals(Assurance.LIVE, none.verify(google).assurance)
            val apple = Presented.ApplePass("pass.example.loyalty", "42".toByteArray(), Assurance.LIVE, NOON)
            assertEquals("apple-vas" to Assurance.DYNAMIC, none.verify(apple).let { it.scheme to it.assurance })
            refused(Status.TAP_UNAUTHENTICATED) { none.verify(Presented.AppleVas("pass.example.loyalty", ByteArray(4))) }
        }
        val arms = """{"seed": "winback-2026", "arms": [{"arm": "hold", "weight": 0.3}, {"arm": "send", "weight": 0.7}]}"""
        assertEquals(Assigned("assigned", "send"), assignArm(arms, "customer-1"))
        refused(Status.INVALID_ARGUMENT) { assignArm("{}", "customer-1") }
        assertEquals("phone:+33612345678", normalizeIdentifier("phone:06 12 34 56 78", "FR"))
        refused(Status.MALFORMED_IDENTIFIER) { normalizeIdentifier("phone:06 12 34 56 78") }
        val path = PathRow(path = listOf("ad", "email", "shop"), conversions = 1u, minor = 100)
        val earned = attributePaths("linear", 2, listOf(path))
        assertEquals(listOf(34L, 33L, 33L), earned.channels.map { it.minor })
        assertEquals("0.1.0", version())
    }
}
