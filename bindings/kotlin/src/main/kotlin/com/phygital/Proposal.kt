package com.phygital

import com.phygital.uniffi.Proposal as UniffiProposal

/** What somebody else makes of a text that came in, such as a language model of the app's. None of it is printed. */
public sealed class Proposal(internal val inner: UniffiProposal) {
    /**
     * It answers the question that waits, in the form in which the answer is kept: the value of a choice, `38.5 eu`, `180 cm`,
     * `2026-12-24`, `yes`.
     */
    public class Answer(value: String) : Proposal(UniffiProposal.Answer(value))

    /** A person should answer. */
    public object HandOver : Proposal(UniffiProposal.HandOver)

    final override fun toString(): String = "Proposal.${javaClass.simpleName}(..)"
}
