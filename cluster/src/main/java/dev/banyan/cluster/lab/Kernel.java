package dev.banyan.cluster.lab;

import dev.banyan.cluster.Fault;
import java.io.IOException;
import java.util.EnumMap;
import java.util.Map;

/** Tries what this machine's kernel offers, so that a lab leaves out what it does not. */
public final class Kernel {
  private Kernel() {}

  /**
   * Which faults cannot be made here, and why; empty when all can. Builds a namespace to see, and
   * removes it.
   */
  public static Map<Fault, String> missing() {
    Map<Fault, String> missing = new EnumMap<>(Fault.class);
    String network = network(missing);
    for (Fault fault : Fault.values()) {
      if (fault.needsNetwork() && !network.isEmpty()) {
        missing.put(fault, network);
      }
      if (fault.needsQuota() && ProcessorQuota.root().isEmpty()) {
        missing.put(fault, "no control group for the processor can be made (needs root)");
      }
    }
    return missing;
  }

  private static String network(Map<Fault, String> missing) {
    if (!Shell.works("ip", "-V")) {
      return "the command ip is missing: apt-get install iproute2";
    }
    try (Namespaces place = Namespaces.build(249, 2)) {
      attempt(missing, Fault.TX_SLOW, "token bucket (sch_tbf)", () -> place.slowSending(0));
      attempt(missing, Fault.RX_SLOW, "token bucket (sch_tbf)", () -> place.slowReceiving(0));
      place.restore();
      attempt(
          missing, Fault.LINK_SLOW, "class queue (sch_htb, cls_u32)", () -> place.slowLink(0, 1));
      attempt(missing, Fault.BLACKHOLE, "blackhole route", () -> place.blackhole(0, 1));
      attempt(missing, Fault.LINK_DOWN, "port down", () -> place.portDown(0));
      String slow = missing.get(Fault.TX_SLOW);
      if (slow != null) {
        missing.put(Fault.TWO_SLOW, slow);
      }
      return "";
    } catch (IOException e) {
      return "network namespaces cannot be made (needs root or CAP_SYS_ADMIN): "
          + String.valueOf(e.getMessage()).lines().findFirst().orElse("");
    }
  }

  private interface Attempt {
    void run() throws IOException;
  }

  private static void attempt(
      Map<Fault, String> missing, Fault fault, String what, Attempt attempt) {
    try {
      attempt.run();
    } catch (IOException e) {
      missing.put(fault, "the kernel has no " + what);
    }
  }
}
