package com.phygital

import com.phygital.Shop.CONTACT
import com.phygital.Shop.KEY
import com.phygital.Shop.NOON
import com.phygital.Shop.UID
import com.phygital.Shop.tap
import com.phygital.uniffi.Phygital as UniffiStore
import com.phygital.uniffi.testPanic
import java.io.File
import kotlinx.coroutines.Dispatchers
import kotlinx.coroutines.async
import kotlinx.coroutines.cancelAndJoin
import kotlinx.coroutines.launch
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test

/** What is done wrong is answered with an error that has a number; never with a crash. */
class MisuseTest {
    @Test
    fun argumentsThatAreNone(): Unit =
        Shop.within {
            refused(Status.INVALID_ARGUMENT) { enroll(TagEnrolled(uid = "04")) }
            refused(Status.INVALID_ARGUMENT) { setTagStatus("", TagStatus.LOST) }
            refused(Status.UNKNOWN_TAG) { setTagStatus(UID, TagStatus.LOST) }
            refused(Status.INVALID_ARGUMENT) { card("ada", Role.MANAGER) }
            refused(Status.UNKNOWN_CUSTOMER) { person("0".repeat(32)) }
            refused(Status.MALFORMED_IDENTIFIER) { find("ada") }
            refused(Status.MALFORMED_IDENTIFIER) { permits(Purpose.SERVICE, "phone:") }
            refused(Status.MALFORMED_IDENTIFIER) { recordMessage(MessageReceived(id = "m", from = "ada", body = "")) }
            refused(Status.MODEL_REFUSED) { attribute("guess") }
            refused(Status.INVALID_ARGUMENT) { tags(most = -1) }
            refused(Status.INVALID_ARGUMENT) { due(Int.MIN_VALUE) }
            refused(Status.INVALID_ARGUMENT) { setClock(NOON.minusSeconds(10_000_000_000)) }
            refused(Status.MISUSE) { recordAll(List(10_001) { visit }) }
            refused(Status.MALFORMED_EVENT) { record("") }
            refused(Status.MALFORMED_EVENT) { record("\u0000") }
            refused(Status.INVALID_UTF8) { record("\uD800") }
            refused(Status.INVALID_UTF8) { enroll(TagEnrolled(uid = UID, label = "\uDC00")) }
            refused(Status.INVALID_UTF8) { recordAll(listOf("\uD800\uD800")) }
            refused(Status.MALFORMED_EVENT) { record("[".repeat(2 shl 20)) }
            refused(Status.TAP_MALFORMED) { verifyTap(TapRequest(Presented.Url(""))) }
            refused(Status.TAP_MALFORMED) { verifyTap(TapRequest(Presented.Url("x".repeat(8 shl 20)))) }
            refused(Status.TAP_MALFORMED) { verifyTap(TapRequest(Presented.NdefMessage(ByteArray(1 shl 20)))) }
        }

    @Test
    fun functionsWithoutAStore() {
        refused(Status.INVALID_ARGUMENT) { attributePaths("first", 300, emptyList()) }
        refused(Status.INVALID_ARGUMENT) { attributePaths("first", -1, emptyList()) }
        refused(Status.MODEL_REFUSED) { attributePaths("guess", 2, emptyList()) }
        refused(Status.MALFORMED_IDENTIFIER) { normalizeIdentifier("") }
        refused(Status.INVALID_ARGUMENT) { simulateTap(SoftTag(UID, "no placeholder", KEY, null, 0u)) }
        val error = refused(Status.MALFORMED_KEYS) { Verifier.fromJson("""{"file_read_key": "secret-secret"}""") }
        assertFalse(error.message, "secret" in error.message!!)
    }

    @Test
    fun storesThatDoNotOpen(): Unit =
        Shop.inFolder { folder ->
            runBlocking {
                suspend fun opened(options: Options) = Phygital.open(options).close()
                val good = Shop.options(folder)
                refused(Status.INVALID_ARGUMENT) { opened(good.copy(path = "")) }
                refused(Status.STORAGE_UNOPENED) { opened(good.copy(path = File(folder, "none/such.db").path)) }
                refused(Status.STORAGE_UNOPENED) { opened(good.copy(mustExist = true)) }
                refused(Status.MALFORMED_SETTINGS) { opened(good.copy(settings = """{"brandt": 1}""")) }
                refused(Status.INVALID_ARGUMENT) { opened(good.copy(tenant = "abc")) }
                refused(Status.MALFORMED_TOPIC) { opened(good.copy(topics = listOf("{"))) }
                refused(Status.TOO_LARGE) { opened(good.copy(topics = List(1001) { Shop.TOPIC })) }
                val text = File(folder, "text.db")
                text.writeText("this is no store, and long enough to be looked at as one.".repeat(10))
                val error = refused(Status.STORAGE_CORRUPT) { opened(good.copy(path = text.path)) }
                assertTrue(error is PhygitalException.Storage)
            }
        }

    @Test
    fun whatWasClosedAnswersNoMore(): Unit =
        Shop.inFolder { folder ->
            val till = runBlocking { Phygital.open(Shop.options(folder)) }
            till.close()
            till.close()
            runBlocking {
                assertEquals("closed", refused(Status.WRONG_HANDLE) { till.identity() }.reason)
                refused(Status.WRONG_HANDLE) { till.resume() }
            }
            assertEquals("the file is alone", listOf("till.db"), folder.list()!!.sorted())
            val verifier = Verifier.fromJson(Shop.KEYS)
            verifier.close()
            verifier.close()
            refused(Status.WRONG_HANDLE) { verifier.verify(Presented.Url("")) }
            Unit
        }

    @Test
    fun closedWhileCallsRunItEndsThemWell(): Unit =
        Shop.inFolder { folder ->
            runBlocking {
                repeat(20) {
                    val till = Phygital.open(Shop.options(folder))
                    val calls = List(4) { async(Dispatchers.Default) { runCatching { till.tags() }.exceptionOrNull() } }
                    till.close()
                    for (call in calls) {
                        val error = call.await() as PhygitalException? ?: continue
                        assertEquals(Status.WRONG_HANDLE, error.status)
                    }
                }
            }
        }

    @Test
    fun aCancelledCallLeavesTheStoreWell(): Unit =
        Shop.within {
            enroll(TagEnrolled(uid = UID))
            val till = this
            runBlocking {
                repeat(20) { number ->
                    launch(Dispatchers.Default) { till.verifyTap(tap(number).copy(client = "phone")) }.cancelAndJoin()
                }
            }
            assertEquals(1, tags().size)
            verifyTap(tap(50))
            Unit
        }

    @Test
    fun aPanicInsideIsAnErrorOutside(): Unit =
        Shop.within {
            repeat(10) { assertTrue(refused(Status.PANIC) { checked { testPanic() } } is PhygitalException.Internal) }
            refused(Status.PANIC) { panicWithin() }
            refused(Status.SUSPENDED) { identity() }
            resume()
            assertEquals(1u, identity().epoch)
        }

    private val visit =
        """{"specversion": "1.0", "id": "e", "source": "//till", "type": "com.phygital.visit_started",
            "time": "2026-11-21T12:00:00Z", "data": {"identifiers": {"loyalty": "L-1"}, "place": "paris-1"}}"""

    /** The library of the tests has a call that panics while the engine is held. */
    private fun Phygital.panicWithin() {
        val inner = Phygital::class.java.getDeclaredField("inner").apply { isAccessible = true }
        checked { (inner.get(this) as UniffiStore).testPanicWithin() }
    }

    @Test
    fun nothingSecretOrPersonalIsPrinted(): Unit =
        Shop.within {
            enroll(TagEnrolled(uid = UID))
            val outcome = verifyTap(Shop.seen(1))
            val offer = outcome.optIn!!
            recordMessage(Shop.text("m-1", offer.message))
            val customer = find(CONTACT)!!
            val printed =
                listOf(
                    Options(path = "shop.db", keys = Shop.KEYS, tenant = KEY + KEY),
                    SoftTag(UID, "t", KEY, KEY, 0u),
                    Shop.text("m-1", "secret words"),
                    Shop.seen(1),
                    outcome,
                    offer,
                    outcome.proof,
                    person(customer),
                    due().single(),
                    OptedIn(CONTACT, emptyList(), ConsentMethod.TILL),
                    OptedOut(CONTACT),
                    Outgoing("a-1", CONTACT, MessageClass.MARKETING, Purpose.MARKETING, "secret words"),
                    RightsRequested(CONTACT, Right.ACCESS),
                    this,
                )
            for (value in printed) {
                val text = value.toString()
                for (kept in listOf(KEY, "2015550123", "secret words", offer.code, "Wren")) {
                    assertFalse("$kept in: $text", kept in text)
                }
            }
        }
}
