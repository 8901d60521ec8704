package com.phygital

import java.io.File
import kotlinx.coroutines.runBlocking
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.JsonObject
import kotlinx.serialization.json.buildJsonArray
import kotlinx.serialization.json.buildJsonObject
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import kotlinx.serialization.json.jsonPrimitive
import kotlinx.serialization.json.put
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

/** The vectors that every binding reads, and stores that the Rust tests wrote. */
class VectorsTest {
    private val vectors = File(Shop.tree, "vectors")

    private fun JsonObject.text(name: String) = getValue(name).jsonPrimitive.content

    @Test
    fun sequencesOfTapsAreJudgedAsEverywhere() {
        val sequences = Json.parseToJsonElement(File(vectors, "taps/replay_sequences.json").readText()).jsonArray
        val steps = sequences.sumOf { play(it.jsonObject) }
        assertTrue("only $steps steps", steps > 20)
    }

    private fun play(sequence: JsonObject): Int =
        Shop.inFolder { folder ->
            val keys = keys(sequence)
            val limits = """{"failure_limits": {"of_source": 1000000, "of_tag": 1000000}}"""
            val options = Options(path = File(folder, "till.db").path, keys = keys, settings = limits)
            val steps = sequence.getValue("steps").jsonArray.map { it.jsonObject }
            runBlocking {
                Phygital.open(options).use { till ->
                    Verifier.fromJson(keys).use { verifier -> for (step in steps) judge(till, verifier, step) }
                }
            }
            steps.size
        }

    private suspend fun judge(till: Phygital, verifier: Verifier, step: JsonObject) {
        val presented = Presented.Url(step.text("url"))
        val told =
            try {
                val uid = verifier.verify(presented, Shop.NOON).uid!!
                if (till.tag(uid) == null) till.enroll(TagEnrolled(uid = uid))
                till.verifyTap(TapRequest(presented))
                "accept"
            } catch (refusal: PhygitalException.Tap) {
                if (refusal.status == Status.TAP_REPLAYED) "replay" else refusal.reason
            }
        assertEquals(step.text("url"), step.text("expect"), told)
    }

    private fun keys(sequence: JsonObject): String =
        buildJsonArray {
            sequence.getValue("file_read_keys").jsonArray.forEachIndexed { epoch, key ->
                val of =
                    buildJsonObject {
                        put("file_read_key", key)
                        put("epoch", epoch)
                        sequence["meta_read_key"]?.let { put("meta_read_key", it) }
                    }
                add(of)
            }
        }.toString()

    @Test
    fun aStoreWrittenElsewhereOpens(): Unit =
        Shop.inFolder { folder ->
            File(Shop.tree, "phygital-store/tests/fixtures/log-v2.db").copyTo(File(folder, "till.db"))
            runBlocking {
                Phygital.open(Shop.options(folder).copy(mustExist = true)).use { till ->
                    assertEquals("shop-1", till.tag("04de5f1eacc040")?.place)
                    assertTrue(till.permits(Purpose.SERVICE, "phone:+33612345678").allowed)
                }
            }
        }
}
