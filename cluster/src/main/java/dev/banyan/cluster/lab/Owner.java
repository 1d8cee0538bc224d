package dev.banyan.cluster.lab;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Whose namespaces and groups these are. The name holds process id and start time, so that what a
 * killed lab left behind is told from what a living one uses.
 *
 * @param pid of the lab
 * @param startSeconds when that process began, since 1970
 */
record Owner(long pid, long startSeconds) {
  private static final String PREFIX = "banyan-lab-";
  private static final Pattern NAME = Pattern.compile(PREFIX + "(\\d+)-(\\d+)-.*");

  /** This process. */
  static Owner self() {
    ProcessHandle self = ProcessHandle.current();
    return new Owner(self.pid(), started(self));
  }

  private static long started(ProcessHandle process) {
    return process.info().startInstant().map(instant -> instant.getEpochSecond()).orElse(0L);
  }

  /** A name that says who made it. */
  String name(String rest) {
    return PREFIX + pid + "-" + startSeconds + "-" + rest;
  }

  /** Who made what has this name; empty for names that are not a lab's. */
  static Optional<Owner> of(String name) {
    Matcher matcher = NAME.matcher(name);
    return matcher.matches()
        ? Optional.of(new Owner(Long.parseLong(matcher.group(1)), Long.parseLong(matcher.group(2))))
        : Optional.empty();
  }

  /** Whether that lab still runs. */
  boolean lives() {
    return ProcessHandle.of(pid)
        .filter(process -> Math.abs(started(process) - startSeconds) <= 1)
        .isPresent();
  }
}
