package dev.banyan.cluster;

import java.util.Locale;

/** What a group of ranks does together. The place in this list is the number in binary files. */
public enum CollectiveOp {
  /** Not said. */
  NONE,
  ALL_REDUCE,
  ALL_GATHER,
  REDUCE_SCATTER,
  ALL_TO_ALL,
  BROADCAST,
  BARRIER,
  SEND,
  RECV,
  /** A word this version does not know. */
  OTHER;

  private static final CollectiveOp[] ALL = values();

  /** The word in event lines, for example {@code all_reduce}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** How many there are. */
  public static int count() {
    return ALL.length;
  }

  /** The operation of this number. */
  public static CollectiveOp of(int number) {
    return ALL[number];
  }

  /**
   * What a library's own name means: {@code nccl:_all_gather_base}, {@code AllReduce}, {@code
   * gloo:all_reduce}, {@code nccl:send 1->2}, {@code c10d::allreduce_}.
   */
  public static CollectiveOp named(String name) {
    String plain = name.toLowerCase(Locale.ROOT).replaceAll("[^a-z]", "");
    if (plain.contains("allreduce")) {
      return ALL_REDUCE;
    }
    if (plain.contains("reducescatter")) {
      return REDUCE_SCATTER;
    }
    if (plain.contains("allgather")) {
      return ALL_GATHER;
    }
    if (plain.contains("alltoall")) {
      return ALL_TO_ALL;
    }
    if (plain.contains("broadcast")) {
      return BROADCAST;
    }
    if (plain.contains("barrier")) {
      return BARRIER;
    }
    if (plain.contains("recv")) {
      return RECV;
    }
    if (plain.contains("send")) {
      return SEND;
    }
    return plain.isEmpty() || plain.equals("none") ? NONE : OTHER;
  }
}
