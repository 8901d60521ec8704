package com.phygital

import com.phygital.uniffi.InternalException
import com.phygital.uniffi.PhygitalException as UniffiException
import java.nio.charset.CharacterCodingException

/**
 * Why something was not done: few kinds, by who has to act. Neither [detail] nor [message] holds a key or anything
 * personal, so they may be logged.
 *
 * @property code the number, the same as C's `phygital_status`; it keeps its meaning for ever.
 * @property reason a stable word, such as `mac_mismatch`.
 * @property detail a sentence for the developer.
 */
public sealed class PhygitalException(
    public val code: Int,
    public val reason: String,
    public val detail: String,
) : Exception("$detail ($reason, $code)") {
    /** What the number means; none for one that a newer library knows. */
    public val status: Status? get() = Status.of(code)

    /** The caller has to do it otherwise. Numbers from 100. */
    public class Argument internal constructor(code: Int, reason: String, detail: String) :
        PhygitalException(code, reason, detail)

    /** The tap does not count: ask to tap again. Numbers from 200. */
    public class Tap internal constructor(code: Int, reason: String, detail: String) :
        PhygitalException(code, reason, detail)

    /** Consent does not permit it: do without. Numbers from 300. */
    public class Consent internal constructor(code: Int, reason: String, detail: String) :
        PhygitalException(code, reason, detail)

    /** What was asked for is not there. Numbers from 400. */
    public class Unknown internal constructor(code: Int, reason: String, detail: String) :
        PhygitalException(code, reason, detail)

    /** The store failed: try again, or call the operator. Numbers from 500. */
    public class Storage internal constructor(code: Int, reason: String, detail: String) :
        PhygitalException(code, reason, detail)

    /** The store is suspended: resume it first. Numbers from 600. */
    public class State internal constructor(code: Int, reason: String, detail: String) :
        PhygitalException(code, reason, detail)

    /** A fault of the library or of the system. Numbers from 900. */
    public class Internal internal constructor(code: Int, reason: String, detail: String) :
        PhygitalException(code, reason, detail)

    internal companion object {
        /** The kind is that of the number's family. */
        fun of(code: Int, reason: String, detail: String): PhygitalException =
            when (code / 100) {
                1 -> Argument(code, reason, detail)
                2 -> Tap(code, reason, detail)
                3 -> Consent(code, reason, detail)
                4 -> Unknown(code, reason, detail)
                5 -> Storage(code, reason, detail)
                6 -> State(code, reason, detail)
                else -> Internal(code, reason, detail)
            }
    }
}

/** Does what the library does, with our errors for its own. */
internal inline fun <T> checked(act: () -> T): T =
    try {
        act()
    } catch (error: UniffiException) {
        throw ours(error)
    } catch (_: InternalException) {
        val detail = "a panic within; what stood on standard error says where"
        throw PhygitalException.Internal(Status.PANIC.number, "panic", detail)
    } catch (_: CharacterCodingException) {
        val detail = "half a surrogate pair in a text"
        throw PhygitalException.Argument(Status.INVALID_UTF8.number, "invalid_utf8", detail)
    } catch (_: IllegalStateException) {
        throw PhygitalException.Argument(Status.WRONG_HANDLE.number, "closed", "it was closed before")
    }

internal fun ours(error: UniffiException): PhygitalException =
    when (error) {
        is UniffiException.Argument -> PhygitalException.of(error.code.toInt(), error.reason, error.detail)
        is UniffiException.Tap -> PhygitalException.of(error.code.toInt(), error.reason, error.detail)
        is UniffiException.Consent -> PhygitalException.of(error.code.toInt(), error.reason, error.detail)
        is UniffiException.Unknown -> PhygitalException.of(error.code.toInt(), error.reason, error.detail)
        is UniffiException.Storage -> PhygitalException.of(error.code.toInt(), error.reason, error.detail)
        is UniffiException.State -> PhygitalException.of(error.code.toInt(), error.reason, error.detail)
        is UniffiException.Internal -> PhygitalException.of(error.code.toInt(), error.reason, error.detail)
    }

/** A number that Kotlin has as signed: negative is none of those expected. */
internal fun count(name: String, number: Int): UInt {
    if (number < 0) {
        throw PhygitalException.Argument(Status.INVALID_ARGUMENT.number, "invalid_argument", "$name: expected 0 or more")
    }
    return number.toUInt()
}
