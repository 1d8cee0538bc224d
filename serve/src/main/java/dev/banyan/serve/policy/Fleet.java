package dev.banyan.serve.policy;

import java.util.List;

/** The instances that are up, ordered by id, as last reported. */
public record Fleet(List<InstanceLoad> instances) {
  public Fleet {
    instances = List.copyOf(instances);
  }

  /** Those that take new requests; all of them when every one is draining. */
  public List<InstanceLoad> open() {
    for (InstanceLoad each : instances) {
      if (each.state().draining()) {
        List<InstanceLoad> open = instances.stream().filter(i -> !i.state().draining()).toList();
        return open.isEmpty() ? instances : open;
      }
    }
    return instances;
  }
}
