package com.phygital

import java.io.File
import kotlinx.coroutines.runBlocking

private const val TAGS = 1_000

/** What calls cost from here; `phygital-ffi/examples/overhead.rs` does the same in Rust. */
fun main(): Unit =
    Shop.inFolder { folder ->
        runBlocking {
            Phygital.open(Options(path = File(folder, "till.db").path, clock = Shop.NOON)).use { till ->
                measure(till)
            }
        }
    }

private suspend fun measure(till: Phygital) {
    for (number in 0 until TAGS) till.enroll(TagEnrolled(uid = "04a1b2c3d4%04x".format(number), place = "paris-1"))
    till.record(
        """{"specversion": "1.0", "id": "o-1", "source": "//till/1", "type": "com.phygital.order_completed",
            "time": "2026-11-21T12:00:00Z", "data": {"identifiers": {"phone": "${Shop.NUMBER}"}, "place": "paris-1",
            "properties": {"order_id": "o-1", "revenue": 149.90, "currency": "EUR",
            "products": [{"sku": "BOOT-38", "category": "Shoes", "size": "38"}]}}}""",
    )
    till.recordOptIn(OptedIn(Shop.CONTACT, listOf(Purpose.RECOGNITION, Purpose.PERSONALIZATION), ConsentMethod.TILL))
    val customer = till.find(Shop.CONTACT)!!
    check("BOOT-38" in till.card(customer, Role.ASSOCIATE)) { "the card is empty" }
    val verifier = Verifier.fromJson(Shop.KEYS)
    val presented = Presented.Url(Shop.link(40))

    told("empty call", 1, 5_000) { version() }
    told("tap verified", 1, 2_000) { verifier.verify(presented, Shop.NOON) }
    told("card", 1, 500) { till.card(customer, Role.ASSOCIATE) }
    told("tag in a list of 1,000", TAGS, 20) { check(till.tags(most = TAGS).size == TAGS) }
    val rows = List(TAGS) { PathRow(path = listOf("ad", "email", "shop"), conversions = 1u, minor = 100) }
    told("path of 1,000, one call", TAGS, 20) { attributePaths("linear", 2, rows) }
}

/** Prints the nanoseconds of one, in the best of 15 batches. */
private suspend fun told(name: String, inACall: Int, calls: Int, call: suspend () -> Any?) {
    var best = Double.MAX_VALUE
    repeat(15) {
        val began = System.nanoTime()
        repeat(calls) { call() }
        best = minOf(best, (System.nanoTime() - began).toDouble() / (calls * inACall))
    }
    println("%-8s %-24s %10.0f ns".format("Kotlin", name, best))
}
