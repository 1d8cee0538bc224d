package dev.banyan.core;

import java.io.IOException;

/** What is done with an open stream or channel; may fail as input and output do. */
@FunctionalInterface
public interface IoConsumer<T> {
  void accept(T target) throws IOException;
}
