package dev.banyan.cluster;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** The command that takes a host out of other people's schedulers; printed, run only when asked. */
public enum SteeringHook {
  /** {@code scontrol update NodeName=… State=DRAIN}. */
  SLURM {
    @Override
    public List<String> isolate(String host, String reason) {
      return List.of(
          "scontrol",
          "update",
          "NodeName=" + checked(host),
          "State=DRAIN",
          "Reason=" + plain(reason));
    }
  },
  /** {@code kubectl cordon}. */
  KUBERNETES {
    @Override
    public List<String> isolate(String host, String reason) {
      return List.of("kubectl", "cordon", checked(host));
    }
  };

  private static final Pattern HOST = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,252}");

  /**
   * The words of the command.
   *
   * @throws dev.banyan.core.UserInputException when the host's name could be read as anything else
   */
  public abstract List<String> isolate(String host, String reason);

  /** The word on the command line. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  private static String checked(String host) {
    if (!HOST.matcher(host).matches()) {
      throw new dev.banyan.core.UserInputException(
          "host '%s' is no name a scheduler knows; letters, digits, dots and dashes are expected"
              .formatted(host));
    }
    return host;
  }

  private static String plain(String reason) {
    return "banyan: " + reason.replaceAll("[^A-Za-z0-9 .:,<>*>-]", " ");
  }
}
