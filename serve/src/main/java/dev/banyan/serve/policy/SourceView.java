package dev.banyan.serve.policy;

import java.util.List;

/**
 * An instance's own requests, for choosing the one that moves.
 *
 * @param running in order of arrival
 * @param waiting in the order they will be admitted
 */
public record SourceView(InstanceLoad load, List<RequestView> running, List<RequestView> waiting) {
  public SourceView {
    running = List.copyOf(running);
    waiting = List.copyOf(waiting);
  }
}
