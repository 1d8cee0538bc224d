package dev.banyan.grow;

import java.nio.file.Path;

/**
 * What a proof trains on.
 *
 * @param training JSON lines of texts
 * @param heldOut JSON lines of texts that no training sees
 * @param tokenizer folder of a tokenizer learned from the training text
 */
public record ProofMaterial(Path training, Path heldOut, Path tokenizer) {}
