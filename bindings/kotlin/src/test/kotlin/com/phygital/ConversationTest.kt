package com.phygital

import com.phygital.Shop.CONTACT
import com.phygital.Shop.NOON
import com.phygital.Shop.text
import java.time.Instant
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Test

/** The story goes on: consent has a receipt, messages pass the gate, a STOP is heard, rights are asked for and given. */
class ConversationTest {
    private val consent =
        OptedIn(
            contact = CONTACT,
            purposes = listOf(Purpose.MARKETING),
            method = ConsentMethod.PAPER,
            noticeId = "tap-sms-1",
            evidence = listOf("paper 8"),
        )

    private fun advert(id: String, text: String = "Wren & Co: new boots. Reply STOP to opt out") =
        Outgoing(
            id = id,
            to = CONTACT,
            messageClass = MessageClass.MARKETING,
            purpose = Purpose.MARKETING,
            text = text,
        )

    @Test
    fun consentHasAReceipt(): Unit =
        Shop.within {
            recordOptIn(consent)
            val receipts = consentReceipts(CONTACT)
            assertTrue(receipts, "\"schema_version\":\"ISO/IEC TS 27560:2023\"" in receipts && "paper 8" in receipts)
            assertEquals("[]", consentReceipts(CONTACT, Purpose.ADVERTISING))
            val one = receipts.removeSurrounding("[", "]")
            assertEquals(Imported(1u, 0u, emptyList()), importConsent(one, "//paper.example"))
            assertEquals(1uL, importConsent(one, "//paper.example").known)
            refused(Status.MALFORMED_CONSENT) { importConsent("{}", "//paper.example") }
            assertTrue("SUBSCRIBED" in segmentConsent(CONTACT))
            suppress(CONTACT, SuppressionCause.CARRIER, "21610")
            assertEquals(listOf("carrier"), permits(Purpose.MARKETING, CONTACT).suppressedBy)
            assertTrue("\"status\":\"blocked\"" in contactState(CONTACT))
            setClock(NOON.plusSeconds(1))
            liftSuppression(CONTACT, SuppressionCause.CARRIER)
            assertTrue(permits(Purpose.MARKETING, CONTACT).allowed)
            refused(Status.MALFORMED_IDENTIFIER) { consentReceipts("ada") }
            Unit
        }

    @Test
    fun messagesPassTheGate(): Unit =
        Shop.within {
            recordOptIn(consent)
            // Noon in UTC is seven in the morning in New Jersey.
            val early = send(advert("a-1"))
            assertNull(early.receipt)
            assertEquals(listOf("quiet_hours"), early.verdict!!.reasons)
            assertEquals(NOON.plusSeconds(3600), early.verdict!!.nextAllowed)
            assertTrue("us_federal" in early.verdict!!.rules && due().isEmpty())
            setClock(NOON.plusSeconds(7200))
            val sent = send(advert("a-1"))
            assertTrue(sent.receipt!!.isNew && sent.verdict!!.expiresAt!! > NOON.plusSeconds(7200))
            assertEquals(listOf("a-1"), due().map { it.id })
            assertNull("asking twice is asking once", send(advert("a-1")).verdict)
            assertEquals("short_link", judge(advert("a-2", "Boots at bit.ly/3xY")).findings.single().fault)
            refused(Status.MISUSE) { send(advert("a-3").copy(to = "loyalty:L-7")) }
            refused(Status.INVALID_ARGUMENT) { send(advert("a-3").copy(expiresAt = NOON.minusSeconds(10_000_000_000))) }

            assertEquals("[]", followed(recordMessage(text("m-1", "hello")).event))
            assertTrue(openTopic(CONTACT, "fit").said)
            assertFalse(openTopic(CONTACT, "fit").said)
            assertTrue("\"question\":\"size\"" in contactState(CONTACT))
            assertEquals(Opened(said = false, verdict = null), followUp(CONTACT))
            assertEquals(emptyList<FollowUp>(), followUps())
            val heard = hear(text("m-2", "the same as my sister"), Proposal.Answer("39"))
            assertTrue("com.phygital.attribute_stated" in followed(heard.event))
            assertFalse("a text counts once", hear(text("m-2", "the same as my sister"), Proposal.HandOver).isNew)
            refused(Status.MISUSE) { openTopic(CONTACT, "never") }

            assertTrue("com.phygital.opted_out" in followed(recordMessage(text("m-3", "STOP")).event))
            val gone = send(advert("a-4")).verdict!!
            assertEquals(listOf("withdrawn") to null, gone.reasons to gone.nextAllowed)
            assertTrue("\"status\":\"opted_out\"" in contactState(CONTACT))
            refused(Status.INVALID_ARGUMENT) { followed("m-3") }
            Unit
        }

    @Test
    fun silenceIsFollowedUp(): Unit =
        Shop.within {
            recordOptIn(consent)
            setClock(NOON.plusSeconds(7200))
            recordMessage(text("m-1", "hello"))
            assertTrue(openTopic(CONTACT, "fit").said)
            setClock(NOON.plusSeconds(7200 + 3 * 86_400))
            val due = followUps().single()
            assertEquals(Triple(CONTACT, "fit", NOON.plusSeconds(7200 + 3 * 86_400)), Triple(due.contact, due.topic, due.due))
            assertEquals(emptyList<FollowUp>(), followUps(behind = due.place))
            assertEquals(emptyList<FollowUp>(), followUps(most = 0))
            assertFalse(CONTACT in "$due ${Proposal.Answer("39")}" || "39" in Proposal.Answer("39").toString())
            refused(Status.MISUSE) { followUps(most = 1001) }
            refused(Status.INVALID_ARGUMENT) { followUps(most = -1) }
            refused(Status.INVALID_ARGUMENT) { followUps(behind = "the last") }
            refused(Status.INVALID_UTF8) { hear(text("m-2", "hm"), Proposal.Answer("\uD800")) }
            refused(Status.INVALID_ARGUMENT) { hear(text("m-2", "hm").copy(at = Instant.MAX), Proposal.HandOver) }
            followUp(CONTACT)
            assertEquals(emptyList<FollowUp>(), followUps())

            recordMessage(text("m-3", "hello again"))
            assertTrue(openTopic(CONTACT, "fit").said)
            val heard = hear(text("m-4", "ask my sister"), Proposal.HandOver)
            assertTrue("com.phygital.conversation_handed_over" in followed(heard.event))
        }

    @Test
    fun rightsAreAskedForAndGiven(): Unit =
        Shop.within {
            recordOptIn(consent)
            val access = RightsRequested(identifier = CONTACT, right = Right.ACCESS, jurisdiction = "US-CA", id = "r-1")
            assertTrue(requestRight(access).isNew)
            assertFalse(requestRight(access).isNew)
            assertTrue("\"right\":\"access\"" in openRequests())
            val customer = find(CONTACT)!!
            correct(customer, "first_name", "Ada")
            assertTrue("\"value\":\"Ada\"" in exportPerson(customer))
            requestRight(RightsRequested(identifier = CONTACT, right = Right.OPT_OUT))
            assertFalse(permitsCustomer(Purpose.ADVERTISING, customer).allowed)
            requestRight(RightsRequested(identifier = CONTACT, right = Right.OBJECTION))
            assertEquals(listOf("withdrawn"), permits(Purpose.MARKETING, CONTACT).reasons)
            assertEquals(0uL, eraseCustomer(customer).notices)
            refused(Status.UNKNOWN_CUSTOMER) { exportPerson(customer) }
            Unit
        }

    @Test
    fun textsAndRulesNeedNoStore() {
        val linted = lintText("New boots \u2019 bit.ly/3xY", TextStyle(brand = "Wren & Co", isFirst = true))
        assertEquals("UCS-2", linted.encoding)
        assertEquals(22uL to 1uL, linted.units to linted.segments)
        assertEquals(listOf("brand_missing", "opt_out_missing", "short_link"), linted.findings.map { it.fault })
        assertTrue(classifyText("stop").isOptOut)
        assertEquals("answer_yes", classifyText("yes", TextContext(pending = "yes_no")).intent)
        refused(Status.INVALID_ARGUMENT) { classifyText("yes", TextContext(pending = "maybe")) }
        refused(Status.INVALID_UTF8) { classifyText("\uD800") }
        assertTrue("\"us_fl\"" in rules("US-FL", MessageClass.MARKETING))
        refused(Status.MALFORMED_RULES) { rules(book = "{") }
        val told = checkRules("+13055550123", MessageClass.MARKETING, NOON, listOf(NOON.minusSeconds(60)))
        assertTrue(told, "\"allowed\":false" in told && "\"next_allowed\":\"2026-11-21T13:00:00Z\"" in told)
        refused(Status.TOO_LARGE) { checkRules("+13055550123", MessageClass.MARKETING, NOON, List(1001) { NOON }) }
    }
}
