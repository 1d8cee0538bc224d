package dev.banyan.train;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A batch as the trainer packs it, and the loss the trainer computes for it.
 *
 * @param ids [rows * length] tokens
 * @param labels the tokens that come next, −100 where nothing is learned
 * @param positions from the start of each piece
 * @param documents the number of the piece in its row; tokens see their own only
 * @param loss mean nats per learned token
 */
@SuppressWarnings("ArrayRecordComponent") // goes straight into tensors and is never compared
public record PackedBatch(
    int rows,
    int length,
    long[] ids,
    long[] labels,
    long[] positions,
    long[] documents,
    double loss) {
  /** The four tables by the names a traced step calls them. */
  public Map<String, long[]> inputs() {
    Map<String, long[]> inputs = new LinkedHashMap<>();
    inputs.put("ids", ids);
    inputs.put("labels", labels);
    inputs.put("positions", positions);
    inputs.put("documents", documents);
    return inputs;
  }
}
