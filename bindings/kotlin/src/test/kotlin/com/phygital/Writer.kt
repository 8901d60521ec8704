package com.phygital

import java.io.File
import java.util.concurrent.atomic.AtomicInteger
import kotlin.concurrent.thread
import kotlin.system.exitProcess
import kotlinx.coroutines.runBlocking

const val PROCESSES = 2
const val THREADS = 8
const val EVENTS = 10

/** A process of the test of threads: `Writer FOLDER NUMBER`. */
fun main(arguments: Array<String>) {
    exitProcess(if (write(File(arguments[0]), arguments[1].toInt()) == THREADS * EVENTS) 0 else 1)
}

/** Writes with eight threads over two stores on one file; gives how many events were new, or less than 0. */
fun write(folder: File, process: Int): Int {
    val options = Options(path = File(folder, "threads.db").path)
    val stores = runBlocking { List(2) { patiently { Phygital.open(options) } } }
    val fresh = AtomicInteger()
    val threads =
        List(THREADS) { number ->
            thread {
                try {
                    for (event in 0 until EVENTS) {
                        val text =
                            """{"specversion": "1.0", "id": "e-$event", "source": "//till/$process/$number",
                                "type": "com.phygital.visit_started", "time": "2026-11-21T12:00:00Z",
                                "data": {"identifiers": {"loyalty": "L-$event"}, "place": "paris-1"}}"""
                        val receipt = runBlocking { patiently { stores[number % 2].record(text) } }
                        if (receipt.isNew) fresh.incrementAndGet()
                    }
                } catch (error: PhygitalException) {
                    System.err.println("thread $number: $error")
                    fresh.addAndGet(-1_000_000)
                }
            }
        }
    threads.forEach { it.join() }
    stores.forEach { it.close() }
    return fresh.get()
}

/** Another process may hold the store for a while. */
private suspend fun <T> patiently(act: suspend () -> T): T {
    while (true) {
        try {
            return act()
        } catch (error: PhygitalException.Storage) {
            if (error.status != Status.STORAGE_BUSY) throw error
        }
    }
}
