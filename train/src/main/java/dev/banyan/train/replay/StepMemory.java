package dev.banyan.train.replay;

import java.lang.foreign.MemorySegment;

/** Where the storages of a step lie while it runs. */
public interface StepMemory extends AutoCloseable {
  /** What dead and unwritten memory holds: no number of any floating-point type. */
  byte POISON = (byte) 0xFF;

  /** A storage comes to life; its bytes are poison. */
  void born(int storage);

  /** A storage was used for the last time. */
  void dies(int storage);

  /** The bytes of a storage that is alive, or outlives the step. */
  MemorySegment of(int storage);

  /** Bytes of one block for all temporaries, 0 when each has memory of its own. */
  long blockBytes();

  @Override
  void close();
}
