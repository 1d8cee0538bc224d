package dev.banyan.cluster.read;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a host says of itself: {@code /proc/net/dev}, the kernel's Xid lines of NVIDIA's driver.
 * They name no culprit; they are told beside one.
 */
public final class HostCounters {
  private static final Pattern XID =
      Pattern.compile("NVRM: Xid \\(([^)]{1,60})\\): (\\d{1,4})[^\\n]{0,160}");
  private static final int MOST_NOTES = 20;

  private HostCounters() {}

  /** Remarks about one file. */
  public static List<String> notes(byte[] bytes, String path) {
    var text = new String(bytes, StandardCharsets.UTF_8);
    List<String> notes = new ArrayList<>();
    Matcher xid = XID.matcher(text);
    while (xid.find() && notes.size() < MOST_NOTES) {
      notes.add(path + ": GPU error Xid " + xid.group(2) + " at " + xid.group(1));
    }
    if (text.contains("Inter-|") && text.contains("face |")) {
      text.lines().forEach(line -> device(line, path, notes));
    }
    return notes;
  }

  private static void device(String line, String path, List<String> notes) {
    int colon = line.indexOf(':');
    if (colon < 0 || notes.size() >= MOST_NOTES) {
      return;
    }
    String[] fields = line.substring(colon + 1).trim().split("\\s+", -1);
    if (fields.length < 12) {
      return;
    }
    long receiveErrors = Fields.number(fields[2], 0);
    long receiveDrops = Fields.number(fields[3], 0);
    long sendErrors = Fields.number(fields[10], 0);
    long sendDrops = Fields.number(fields[11], 0);
    if (receiveErrors + receiveDrops + sendErrors + sendDrops > 0) {
      notes.add(
          path
              + ": "
              + line.substring(0, colon).trim()
              + " has "
              + receiveErrors
              + " receive errors, "
              + receiveDrops
              + " receive drops, "
              + sendErrors
              + " send errors, "
              + sendDrops
              + " send drops since the host started");
    }
  }
}
