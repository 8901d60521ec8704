package com.phygital

import java.io.File
import java.util.concurrent.TimeUnit
import java.util.concurrent.atomic.AtomicInteger
import kotlin.concurrent.thread
import kotlinx.coroutines.runBlocking
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

/** Eight threads each of two processes on one file: nothing lost, nothing doubled. */
class ThreadsTest {
    @Test
    fun nothingIsLostAndNothingDoubled(): Unit =
        Shop.inFolder { folder ->
            val java = File(System.getProperty("java.home"), "bin/java").path
            val passed = System.getProperties().stringPropertyNames().filter { it.startsWith("jna.") }
            val command =
                listOf(java) + passed.map { "-D$it=${System.getProperty(it)}" } +
                    listOf("-cp", System.getProperty("java.class.path"), "com.phygital.WriterKt", folder.path)
            val children = List(PROCESSES) { ProcessBuilder(command + "$it").inheritIO().start() }
            for (child in children) {
                assertTrue("it hangs", child.waitFor(5, TimeUnit.MINUTES))
                assertEquals(0, child.exitValue())
            }
            for (process in 0 until PROCESSES) assertEquals("lost of $process", 0, write(folder, process))
            assertEquals(THREADS * EVENTS, write(folder, PROCESSES))
        }

    @Test
    fun oneVerifierServesAllThreads() {
        Verifier.fromJson(Shop.KEYS).use { verifier ->
            val url = Shop.link(7)
            val right = AtomicInteger()
            List(THREADS) {
                thread {
                    repeat(200) {
                        if (verifier.verify(Presented.Url(url)).uid == Shop.UID) right.incrementAndGet()
                        val cut = refused(Status.TAP_MALFORMED) { verifier.verify(Presented.Url(url.dropLast(1))) }
                        if (cut.reason == "bad_length") right.incrementAndGet()
                    }
                }
            }.forEach { it.join() }
            assertEquals(THREADS * 400, right.get())
        }
    }
}
