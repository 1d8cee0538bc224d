package dev.banyan.grow;

import dev.banyan.core.UserInputException;
import java.util.Locale;

/**
 * How dense feed-forward layers become mixtures of experts.
 *
 * @param experts groups of experts: with {@code shards} 1 the number of experts
 * @param perToken experts a token passes
 * @param shards parts each copy is cut into (granular); the model has {@code experts * shards}
 * @param dropShare share of each expert's units that is drawn anew (drop)
 * @param noiseDeviation of what is added to half of the weights (noise)
 * @param routerDeviation standard deviation of the router's weights
 */
public record Mixture(
    Method method,
    int experts,
    int perToken,
    int shards,
    double dropShare,
    double noiseDeviation,
    double routerDeviation) {

  /** What the experts begin as. */
  public enum Method {
    /** Copies of the dense layer (sparse upcycling). */
    COPY,
    /** Copies cut into shards that are routed together (virtual groups). */
    GRANULAR,
    /** The dense layer as shared expert, routed experts silent. */
    SHARED_CARRY,
    /** Copies with a share of their units drawn anew. */
    DROP,
    /** Copies with noise. */
    NOISE;

    /** The flag's word. */
    public String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * The method with this word.
     *
     * @throws UserInputException when there is none
     */
    public static Method parse(String word) {
      for (Method each : values()) {
        if (each.word().equals(word)) {
          return each;
        }
      }
      throw new UserInputException(
          "--moe " + word + ": expected one of copy, granular, shared-carry, drop, noise");
    }
  }

  public Mixture {
    if (experts < 2) {
      throw new UserInputException("--experts " + experts + ": a mixture has at least 2");
    }
    if (shards < 1 || (shards > 1) != (method == Method.GRANULAR)) {
      throw new UserInputException(
          "--shards " + shards + ": --moe granular cuts into 2 or more, the others into 1");
    }
    if (perToken < 1 || perToken > experts * shards || perToken % shards != 0) {
      throw new UserInputException(
          String.format(
              Locale.ROOT,
              "--top-k %d: expected a multiple of %d shards, up to the %d experts",
              perToken,
              shards,
              experts * shards));
    }
    if (!(dropShare > 0 && dropShare <= 1)) {
      throw new UserInputException("--drop " + dropShare + ": expected a share of 0 to 1");
    }
    if (!(noiseDeviation >= 0) || !(routerDeviation >= 0)) {
      throw new UserInputException("a standard deviation is at least 0");
    }
  }

  /** A method with everything else as published: 8 experts, 2 per token, router deviation 0.02. */
  public static Mixture of(Method method) {
    int shards = method == Method.GRANULAR ? 2 : 1;
    return new Mixture(method, 8, 2 * shards, shards, 0.5, 0.02, 0.02);
  }

  /** The same with other numbers of experts. */
  public Mixture withExperts(int experts, int perToken) {
    return new Mixture(
        method, experts, perToken, shards, dropShare, noiseDeviation, routerDeviation);
  }

  /** Experts of the target. */
  public int total() {
    return experts * shards;
  }
}
