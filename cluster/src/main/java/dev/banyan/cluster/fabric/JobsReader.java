package dev.banyan.cluster.fabric;

import dev.banyan.cluster.JobTable;
import dev.banyan.cluster.TrafficJob;
import dev.banyan.cluster.TrafficJob.Collective;
import dev.banyan.core.UserInputException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Reads {@code jobs.yaml}: {@code version, queuePairs, jobs [{name, nodes, ring, collective, bytes,
 * priority}]}. {@code nodes} lists numbers and ranges; {@code ring} is their order, else as listed.
 */
public final class JobsReader {
  private JobsReader() {}

  /**
   * @throws UserInputException when the file is no table of jobs
   */
  public static JobTable read(Path file) {
    return jobs(Yaml.read(file));
  }

  /** The same from text. */
  public static JobTable parse(String name, String text) {
    return jobs(Yaml.parse(name, text));
  }

  private static JobTable jobs(Yaml yaml) {
    yaml.only("version", "queuePairs", "jobs");
    yaml.whole("version", 1, 1, 1);
    List<TrafficJob> jobs = new ArrayList<>();
    Set<String> names = new HashSet<>();
    for (Yaml each : yaml.mappings("jobs")) {
      TrafficJob job = job(each, jobs.size());
      if (!names.add(job.name())) {
        throw new UserInputException(
            "%s: a job named '%s' is there already".formatted(each.where(), job.name()));
      }
      jobs.add(job);
    }
    if (jobs.isEmpty()) {
      throw new UserInputException(yaml.where() + ": 'jobs' is empty");
    }
    return new JobTable(yaml.whole("queuePairs", 1, 256, 2), jobs);
  }

  private static TrafficJob job(Yaml yaml, int index) {
    yaml.only("name", "nodes", "ring", "collective", "bytes", "priority");
    List<Integer> nodes = yaml.numbers("nodes");
    if (nodes.isEmpty()) {
      throw new UserInputException(yaml.where() + ": 'nodes' is empty");
    }
    List<Integer> ring = yaml.has("ring") ? yaml.numbers("ring") : nodes;
    if (ring.size() != nodes.size() || !new HashSet<>(ring).equals(new HashSet<>(nodes))) {
      throw new UserInputException(
          "%s: 'ring' must list the job's %d nodes, each once"
              .formatted(yaml.where(), nodes.size()));
    }
    return new TrafficJob(
        yaml.text("name", "job " + index),
        ring,
        collective(yaml),
        yaml.has("bytes") ? yaml.whole("bytes", 1, 1L << 50) : 1L << 30,
        yaml.positive("priority", 1));
  }

  private static Collective collective(Yaml yaml) {
    String name = yaml.text("collective", "all_reduce");
    return switch (name.toLowerCase(Locale.ROOT).replace("_", "").replace("-", "")) {
      case "allreduce" -> Collective.ALL_REDUCE;
      case "allgather" -> Collective.ALL_GATHER;
      case "reducescatter" -> Collective.REDUCE_SCATTER;
      case "alltoall" -> Collective.ALL_TO_ALL;
      default ->
          throw new UserInputException(
              "%s: collective '%s', expected all_reduce, all_gather, reduce_scatter or all_to_all"
                  .formatted(yaml.where(), name));
    };
  }
}
