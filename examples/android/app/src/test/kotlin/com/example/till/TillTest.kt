package com.example.till

import com.phygital.SoftTag
import com.phygital.simulateTap
import java.nio.file.Files
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

class TillTest {
    private val key = "5ace7e50ab65d5d51fd5bf5a16b8205b"
    private val uid = "04a1b2c3d4e5f6"
    private val settings =
        """{"brand": "Wren & Co", "notice": {"id": "tap-sms-1", "sender": "+12015550101",
            "text": "Text us the code to be known here.", "purposes": ["recognition"]}}"""

    /** The NDEF message of the tag's next read: one URI record. */
    private fun read(readCtr: UInt): ByteArray {
        val url = simulateTap(SoftTag(uid, "tap.example/t?p={picc}&c={mac}", key, key, readCtr))
        val payload = byteArrayOf(4) + url.removePrefix("https://").toByteArray()
        return byteArrayOf(0xD1.toByte(), 1, payload.size.toByte(), 'U'.code.toByte()) + payload
    }

    @Test
    fun aVisitIsShown() {
        val folder = Files.createTempDirectory("till").toFile()
        try {
            runBlocking {
                val keys = """{"file_read_key": "$key", "meta_read_key": "$key"}"""
                Till.open(folder.resolve("till.db").path, settings, keys).use { till ->
                    till.enroll(uid, "paris-1")
                    val offer = till.tapped(read(1u)) as Shown.Offer
                    assertTrue(offer.link, offer.link.startsWith("sms:+12015550101"))
                    assertEquals(Shown.Again, till.tapped(read(1u)))
                    assertEquals(Shown.Again, till.tapped(ByteArray(0)))
                    assertEquals(0, till.outbox { true })
                    till.pause()
                    assertEquals(Shown.Trouble(601), till.tapped(read(2u)))
                    till.resume()
                    assertTrue(till.tapped(read(3u)) is Shown.Offer)
                }
            }
        } finally {
            folder.deleteRecursively()
        }
    }
}
