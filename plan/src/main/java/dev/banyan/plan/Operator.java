package dev.banyan.plan;

import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/**
 * One operator of a step. Views are not operators.
 *
 * @param id its position in program order
 * @param name unique in the graph
 * @param target what it computes, for example {@code aten.mm.default}
 * @param outputs tensor ids, empty where it gives no tensor
 * @param reads ids of the storages it reads
 * @param writes ids of the storages it writes, those it makes included
 * @param random true when it draws random numbers
 * @param frame the line of source it comes from, or empty
 */
public record Operator(
    int id,
    String name,
    String target,
    List<Argument> args,
    Map<String, Argument> kwargs,
    List<OptionalInt> outputs,
    List<Integer> reads,
    List<Integer> writes,
    boolean random,
    String frame) {
  public Operator {
    args = List.copyOf(args);
    kwargs = java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(kwargs));
    outputs = List.copyOf(outputs);
    reads = List.copyOf(reads);
    writes = List.copyOf(writes);
  }

  /**
   * The name random operators are seeded by: a copy made by recomputation, {@code NAME~K}, draws
   * the numbers of {@code NAME}, so that both give the same bits.
   */
  public String seedName() {
    int copy = name.indexOf('~');
    return copy < 0 ? name : name.substring(0, copy);
  }
}
