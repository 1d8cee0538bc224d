package dev.banyan.cli.serve;

import dev.banyan.core.UserInputException;
import dev.banyan.serve.EngineProfile;
import dev.banyan.serve.FleetPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Flags that describe the instances. */
final class FleetFlags {
  @Option(
      names = "--instances",
      paramLabel = "N",
      defaultValue = "16",
      description = "Instances at the start (default: ${DEFAULT-VALUE}).")
  private int instances = 16;

  @Option(
      names = "--profile",
      paramLabel = "NAME[*FACTOR][:COUNT]|FILE.json",
      split = ",",
      defaultValue = "llama-7b-a10",
      description = {
        "What steps cost: llama-7b-a10, constant or a file; with *2 twice as fast. Several with",
        "counts make a mixed fleet: llama-7b-a10:8,llama-7b-a10*2:8 (default: ${DEFAULT-VALUE})."
      })
  private List<String> profiles = List.of("llama-7b-a10");

  @Option(
      names = "--report-every",
      paramLabel = "SECONDS",
      defaultValue = "0",
      description = "How old what the scheduler sees may be (default: ${DEFAULT-VALUE}).")
  private double reportSeconds;

  @Option(
      names = "--scale-out",
      description = "Add and drain instances by freeness, from 1 to --most-instances.")
  private boolean scaleOut;

  @Option(
      names = "--scale-low",
      paramLabel = "F",
      defaultValue = "10",
      description =
          "Freeness, in blocks per request, that adds instances (default: ${DEFAULT-VALUE}).")
  private double scaleLow = 10;

  @Option(
      names = "--most-instances",
      paramLabel = "N",
      defaultValue = "16",
      description = "With --scale-out (default: ${DEFAULT-VALUE}).")
  private int mostInstances = 16;

  @Option(
      names = "--fail",
      paramLabel = "INSTANCE@SECONDS",
      split = ",",
      description = "Instances that die, for example 3@60.")
  private List<String> failures = List.of();

  FleetPlan plan() {
    if (instances < 1 || mostInstances < 1) {
      throw new UserInputException("--instances is " + instances + ", at least 1 was expected");
    }
    return new FleetPlan(
        profileList(),
        reportSeconds,
        scaleOut ? Optional.of(scaleLow) : Optional.empty(),
        mostInstances,
        failures.stream().map(FleetFlags::failure).toList());
  }

  private List<EngineProfile> profileList() {
    List<EngineProfile> list = new ArrayList<>();
    for (String each : profiles) {
      String[] counted = each.split(":", 2);
      String[] scaled = counted[0].split("\\*", 2);
      EngineProfile profile = EngineProfile.named(scaled[0]);
      if (scaled.length > 1) {
        profile = profile.faster(number("--profile", scaled[1], each));
      }
      int count = counted.length > 1 ? (int) number("--profile", counted[1], each) : 1;
      if (profiles.size() == 1 && counted.length == 1) {
        count = instances;
      }
      for (int i = 0; i < count; i++) {
        list.add(profile);
      }
    }
    return list;
  }

  private static FleetPlan.Failure failure(String text) {
    String[] parts = text.split("@", 2);
    if (parts.length != 2) {
      throw new UserInputException("--fail is '" + text + "', for example 3@60 was expected");
    }
    return new FleetPlan.Failure(
        (int) number("--fail", parts[0], text), number("--fail", parts[1], text));
  }

  private static double number(String flag, String text, String whole) {
    try {
      double value = Double.parseDouble(text);
      if (value >= 0 && Double.isFinite(value)) {
        return value;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new UserInputException(
        flag + " is '" + whole + "': '" + text + "' is no number of at least 0");
  }
}
