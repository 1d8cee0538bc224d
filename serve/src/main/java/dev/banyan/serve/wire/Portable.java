package dev.banyan.serve.wire;

import java.util.List;

/**
 * What of a request beside its keys and values is settled: it goes ahead of a move, so that however
 * long prompt and answer are, little is left to send and to read while the request stands still.
 *
 * @param moves it made before
 * @param generated tokens of the answer so far
 * @param told what of it was told here
 */
@SuppressWarnings("ArrayRecordComponent") // handed on, never compared
public record Portable(TokenRequest asked, int moves, int[] generated, List<Token> told) {}
