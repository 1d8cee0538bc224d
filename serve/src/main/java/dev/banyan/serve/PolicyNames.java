package dev.banyan.serve;

import dev.banyan.core.Nearest;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import dev.banyan.serve.policy.Banyan;
import dev.banyan.serve.policy.CacheAware;
import dev.banyan.serve.policy.Infaas;
import dev.banyan.serve.policy.KvCost;
import dev.banyan.serve.policy.LeastLoaded;
import dev.banyan.serve.policy.Llumnix;
import dev.banyan.serve.policy.LlumnixV1;
import dev.banyan.serve.policy.Policy;
import dev.banyan.serve.policy.PowerOfTwo;
import dev.banyan.serve.policy.Requeue;
import dev.banyan.serve.policy.RoundRobin;
import java.util.List;

/** Every policy by the name it is asked for with. */
public final class PolicyNames {
  private static final List<String> ALL =
      List.of(
          "round-robin",
          "least-loaded",
          "power-of-two",
          "infaas",
          "llumnix",
          "llumnix-v1",
          "cache-aware",
          "kv-cost",
          "requeue",
          "banyan");

  private PolicyNames() {}

  /** All names: the published ones, then ours. */
  public static List<String> all() {
    return ALL;
  }

  /**
   * @param llumnixThreshold freeness below which the published Llumnix moves requests
   * @param priorities whether {@code llumnix} tells classes apart
   * @throws UserInputException when there is no such policy
   */
  public static Policy policy(String name, double llumnixThreshold, boolean priorities, Seed seed) {
    return switch (name) {
      case "round-robin" -> new RoundRobin();
      case "least-loaded" -> new LeastLoaded();
      case "power-of-two" -> new PowerOfTwo(seed);
      case "infaas" -> new Infaas();
      case "llumnix" -> new Llumnix(llumnixThreshold, priorities);
      case "llumnix-v1" -> new LlumnixV1();
      case "cache-aware" -> new CacheAware();
      case "kv-cost" -> new KvCost(1);
      case "requeue" -> new Requeue();
      case "banyan" -> Banyan.STANDARD;
      default -> {
        String hint = Nearest.of(name, ALL).map(n -> "; did you mean '" + n + "'?").orElse(".");
        throw new UserInputException(
            "there is no policy '" + name + "'" + hint + " Known: " + String.join(", ", ALL));
      }
    };
  }
}
