package com.phygital

import java.io.File
import java.lang.reflect.Modifier
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test

/** What an app sees: the numbers of C, and no type of what carries the calls. */
class SurfaceTest {
    @Test
    fun numbersAreThoseOfC() {
        val header = File(Shop.tree, "bindings/c/include/phygital.h").readText()
        val numbers = Regex("""PHYGITAL_STATUS_(\w+) = (\d+)""").findAll(header).map { it.groupValues[1] to it.groupValues[2].toInt() }.toMap()
        assertTrue(numbers.size > Status.entries.size)
        for (status in Status.entries) assertEquals(status.name, numbers[status.name], status.number)
        val ofCAlone = setOf("OK", "NULL_POINTER", "WRONG_SIZE")
        assertEquals(ofCAlone, numbers.keys - Status.entries.map { it.name }.toSet())
        assertEquals(Status.TAP_REPLAYED, Status.of(210))
        assertEquals(null, Status.of(999))
    }

    @Test
    fun aNumberSaysTheKindOfError(): Unit =
        Shop.within {
            val replayed = refused(Status.TAP_NOT_COUNTED) { verifyTap(Shop.tap(1)) }
            assertTrue(replayed is PhygitalException.Tap && replayed.code / 100 == 2)
            assertEquals("${replayed.detail} (${replayed.reason}, ${replayed.code})", replayed.message)
        }

    /** Of every class, every public field, constructor and method; and of the types they lead to, all again. */
    @Test
    fun nothingOfJnaIsSeen() {
        val seen = mutableSetOf<Class<*>>()
        val left =
            mutableListOf<Class<*>>(
                Phygital::class.java,
                Phygital.Companion::class.java,
                Verifier::class.java,
                Verifier.Companion::class.java,
                Status::class.java,
                Class.forName("com.phygital.FunctionsKt"),
            )
        left += PhygitalException::class.java.declaredClasses
        while (left.isNotEmpty()) {
            val next = left.removeLast()
            assertTrue("${next.name} is seen", !next.name.startsWith("com.sun.jna"))
            if (!next.name.startsWith("com.phygital") || !seen.add(next)) continue
            next.superclass?.let(left::add)
            left += next.interfaces
            left += next.declaredClasses.filter { Modifier.isPublic(it.modifiers) }
            next.declaredFields.filter { Modifier.isPublic(it.modifiers) }.mapTo(left) { it.type }
            val executables = (next.declaredMethods.asList() + next.declaredConstructors).filter { Modifier.isPublic(it.modifiers) && !it.isSynthetic }
            for (executable in executables) {
                left += executable.parameterTypes
                for (type in executable.genericParameterTypes) assertTrue("$executable", "jna" !in type.typeName)
            }
            next.declaredMethods.filter { Modifier.isPublic(it.modifiers) }.mapTo(left) { it.returnType }
        }
        assertTrue("saw only ${seen.size}", seen.size > 40)
    }
}
