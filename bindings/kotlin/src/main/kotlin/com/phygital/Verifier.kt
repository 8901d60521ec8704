package com.phygital

import com.phygital.uniffi.Verifier as UniffiVerifier
import java.time.Instant

/**
 * Keys, read once: judges taps without a store, and so without knowing whether they were used before. Safe to use from any
 * thread; takes microseconds, so nothing suspends.
 */
public class Verifier private constructor(private val inner: UniffiVerifier) : AutoCloseable {
    /**
     * Judges what was presented at a time, the system's unless one is given: it matters to tokens that expire.
     *
     * @throws PhygitalException.Tap where it is no genuine tap.
     */
    public fun verify(presented: Presented, at: Instant? = null): TapProof =
        checked { inner.verify(presented.inner, at?.micros()) }

    /** Forgets the keys once the calls that began have ended. To close it again changes nothing. */
    override fun close(): Unit = inner.close()

    override fun toString(): String = "Verifier"

    public companion object {
        /**
         * Reads keys from JSON, one set or an array of them: `{"file_read_key": "…", "meta_read_key": "…"}`.
         *
         * @throws PhygitalException.Argument where they are not as they should be. It names line and field, never what
         *   stands there.
         */
        public fun fromJson(keys: String): Verifier = checked { Verifier(UniffiVerifier.fromJson(keys)) }
    }
}
