package dev.banyan.serve.simulate;

import dev.banyan.serve.EngineProfile;
import dev.banyan.serve.policy.Scaler;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The cluster a trace is run on.
 *
 * @param profiles one per instance at the start; added instances take the first
 * @param reportSeconds how old what the scheduler sees may be; 0 for always up to date
 * @param scaler adds and drains instances, or null for a fixed fleet
 * @param failures instances that die
 * @param sampleSeconds between two samples of memory
 * @param oneClass whether engines and policies take every request for a normal one
 * @param recordSpans whether every stay of a request on an instance is kept
 */
public record Setup(
    List<EngineProfile> profiles,
    double reportSeconds,
    @Nullable Scaler scaler,
    List<Failure> failures,
    double sampleSeconds,
    boolean oneClass,
    boolean recordSpans) {
  public Setup {
    profiles = List.copyOf(profiles);
    failures = List.copyOf(failures);
  }

  /** An instance that dies at a time. */
  public record Failure(int instance, double seconds) {}
}
