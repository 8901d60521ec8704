package com.phygital

import com.phygital.uniffi.Recorded as UniffiRecorded

/** What became of one event of a batch. */
public sealed class Recorded {
    /** It is in the log; this is its receipt. */
    public data class Accepted(val receipt: Receipt) : Recorded()

    /** It was refused, and held up no other. */
    public data class Refused(val error: PhygitalException) : Recorded()

    internal companion object {
        fun of(it: UniffiRecorded): Recorded =
            when (it) {
                is UniffiRecorded.Accepted -> Accepted(it.receipt)
                is UniffiRecorded.Refused -> Refused(PhygitalException.of(it.code.toInt(), it.reason, it.detail))
            }
    }
}
