package com.phygital

import java.io.File
import java.nio.file.Files
import java.time.Instant
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.fail

/** What the tests share: the tag of the story, its key, and its shop. Yours come from your key ring. */
object Shop {
    const val UID = "04a1b2c3d4e5f6"
    const val KEY = "5ace7e50ab65d5d51fd5bf5a16b8205b"
    const val KEYS = """{"file_read_key": "$KEY", "meta_read_key": "$KEY"}"""
    const val NUMBER = "+12015550123"
    const val CONTACT = "phone:$NUMBER"
    const val SETTINGS =
        """{"brand": "Wren & Co", "notice": {"id": "tap-sms-1",
            "text": "Text us the code to be known here. Reply STOP to leave.", "sender": "+12015550101",
            "purposes": ["recognition", "personalization", "measurement"]}}"""
    const val TOPIC =
        """{"version": 1, "id": "fit", "languages": ["en"], "purpose": "marketing", "days": 3, "start": "size",
            "steps": {"size": {"ask": {"en": "{{ brand }}: which shoe size?"}, "attribute": "size.shoes",
                "answer": {"type": "number", "min": 30, "max": 50}, "then": "thanks"},
                "thanks": {"say": {"en": "Thank you."}, "then": "end"}}}"""
    val NOON: Instant = Instant.parse("2026-11-21T12:00:00Z")

    /** The tree that the tests stand in: `vectors/` and the stores that the Rust tests wrote. */
    val tree = File(System.getProperty("phygital.tree") ?: "../..")

    fun options(folder: File, name: String = "till.db") =
        Options(
            path = File(folder, name).path,
            settings = SETTINGS,
            topics = listOf(TOPIC),
            keys = KEYS,
            clock = NOON,
            seed = "story".toByteArray(),
        )

    /** Does something with an open store in a folder of its own. */
    fun <T> within(act: suspend Phygital.() -> T): T =
        inFolder { folder -> runBlocking { Phygital.open(options(folder)).use { it.act() } } }

    fun <T> inFolder(act: (File) -> T): T {
        val folder = Files.createTempDirectory("phygital").toFile()
        try {
            return act(folder)
        } finally {
            folder.deleteRecursively()
        }
    }

    /** The link of the tag's next read. */
    fun link(readCtr: Int): String =
        simulateTap(
            SoftTag(
                uid = UID,
                template = "tap.example/t?p={picc}&c={mac}",
                fileReadKey = KEY,
                metaReadKey = KEY,
                readCtr = readCtr.toUInt(),
            ),
        )

    fun tap(readCtr: Int) = TapRequest(presented = Presented.Url(link(readCtr)))

    fun seen(readCtr: Int) = tap(readCtr).copy(identifiers = listOf(CONTACT), shownTo = Role.ASSOCIATE)

    fun text(id: String, body: String) = MessageReceived(id = id, from = NUMBER, body = body)
}

/** That a call is refused with this status; gives what was thrown. */
inline fun refused(status: Status, act: () -> Any?): PhygitalException {
    try {
        act()
    } catch (error: PhygitalException) {
        assertEquals(error.message, status, error.status)
        return error
    }
    fail("expected $status")
    throw AssertionError()
}
