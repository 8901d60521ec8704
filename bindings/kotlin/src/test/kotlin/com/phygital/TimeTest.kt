package com.phygital

import java.time.Instant
import java.time.temporal.ChronoUnit
import org.junit.Assert.assertEquals
import org.junit.Test

/** Times are whole microseconds, and come back as they went in. */
class TimeTest {
    @Test
    fun timesComeBack(): Unit =
        Shop.within {
            for (text in
                listOf(
                    "1970-01-01T00:00:01Z",
                    "2026-11-21T12:00:00.000001Z",
                    "2026-11-21T12:00:00.123456Z",
                    "2026-11-21T12:00:00.999999Z",
                    "2026-11-21T12:00:00.123456789Z",
                    "2026-11-21T12:00:00.999999999Z",
                    "2099-12-31T23:59:59.999999Z",
                )) {
                val time = Instant.parse(text)
                setClock(time)
                val receipt = record(event(text))
                assertEquals(time.truncatedTo(ChronoUnit.MICROS), receipt.receivedAt)
            }
            val now = Instant.now()
            setClock(now)
            assertEquals(now.truncatedTo(ChronoUnit.MICROS), record(event("now")).receivedAt)
        }

    private fun event(id: String) =
        """{"specversion": "1.0", "id": "$id", "source": "//till/1", "type": "com.phygital.visit_started",
            "time": "1970-01-01T00:00:01Z", "data": {"identifiers": {"loyalty": "L-1"}, "place": "paris-1"}}"""

    @Test
    fun timesHaveARange(): Unit =
        Shop.within {
            for (text in listOf("1969-12-31T23:59:59.999999Z", "+10000-01-01T00:00:00Z", "-1000000000-01-01T00:00:00Z")) {
                refused(Status.INVALID_ARGUMENT) { setClock(Instant.parse(text)) }
            }
        }
}
