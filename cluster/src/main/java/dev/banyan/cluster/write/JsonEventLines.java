package dev.banyan.cluster.write;

import dev.banyan.cluster.CollectiveOp;
import dev.banyan.cluster.EventKind;
import dev.banyan.cluster.EventLine;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/** Event lines as JSON; bytes are put together by hand, about a microsecond a line. */
public final class JsonEventLines extends LockedLines {
  /** Groups larger than this take several {@code comm} lines, so that each stays below 64 KiB. */
  static final int RANKS_PER_LINE = 8_000;

  private static final byte[] HEX = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);

  private byte[] buffer = new byte[1 << 16];
  private int at;

  public JsonEventLines(OutputStream to) {
    super(to);
  }

  @Override
  public void hello(EventLine.Hello hello) {
    line(
        () -> {
          raw("{\"v\":1,\"ev\":\"hello\",\"host\":");
          text(hello.host());
          number(",\"rank\":", hello.rank());
          number(",\"pid\":", hello.pid());
          number(",\"world\":", hello.world());
          number(",\"t_ns\":", hello.tNanos());
          number(",\"wall_ns\":", hello.wallNanos());
        });
  }

  @Override
  public void group(EventLine.Group group) {
    List<Integer> ranks = group.ranks();
    int from = 0;
    do {
      int start = from;
      int end = Math.min(ranks.size(), start + RANKS_PER_LINE);
      line(
          () -> {
            raw("{\"ev\":\"comm\",\"comm\":");
            text(group.comm());
            raw(end < ranks.size() ? ",\"more\":true,\"ranks\":[" : ",\"ranks\":[");
            for (int i = start; i < end; i++) {
              number(i == start ? "" : ",", ranks.get(i));
            }
            raw("]");
          });
      from = end;
    } while (from < ranks.size());
  }

  @Override
  public void heartbeat(long tNanos, int rank, long step) {
    line(
        () -> {
          number("{\"t_ns\":", tNanos);
          number(",\"rank\":", rank);
          number(",\"step\":", step);
          raw(",\"ev\":\"hb\"");
        });
  }

  @Override
  public void gone(EventLine.Gone gone) {
    line(
        () -> {
          number("{\"t_ns\":", gone.tNanos());
          number(",\"rank\":", gone.rank());
          raw(",\"ev\":\"gone\",\"proof\":");
          text(gone.proof());
        });
  }

  @Override
  public void stat(EventLine.Stat stat) {
    line(
        () -> {
          number("{\"t_ns\":", stat.tNanos());
          number(",\"rank\":", stat.rank());
          raw(",\"ev\":\"stat\",\"state\":");
          text(stat.state());
          raw(",\"wchan\":");
          text(stat.wchan());
        });
  }

  @Override
  public void event(
      long tNanos,
      int rank,
      String comm,
      long seq,
      CollectiveOp op,
      String algo,
      long bytes,
      int channel,
      int peer,
      EventLine.Direction dir,
      EventKind ev) {
    line(
        () -> {
          number("{\"t_ns\":", tNanos);
          number(",\"rank\":", rank);
          raw(",\"comm\":");
          text(comm);
          number(",\"seq\":", seq);
          raw(",\"op\":\"");
          raw(op.word());
          raw("\",\"algo\":");
          text(algo);
          number(",\"bytes\":", bytes);
          number(",\"channel\":", channel);
          if (peer >= 0) {
            number(",\"peer\":", peer);
            raw(dir == EventLine.Direction.TX ? ",\"dir\":\"tx\"" : ",\"dir\":\"rx\"");
          }
          raw(",\"ev\":\"");
          raw(ev.word());
          raw("\"");
        });
  }

  private void line(Runnable fields) {
    locked(
        () -> {
          fields.run();
          raw("}\n");
          if (at > 1 << 15) {
            drain();
          }
        });
  }

  @Override
  void drain() throws IOException {
    to.write(buffer, 0, at);
    at = 0;
  }

  private void room(int bytes) {
    if (buffer.length - at < bytes) {
      buffer = Arrays.copyOf(buffer, Math.max(2 * buffer.length, at + bytes));
    }
  }

  private void raw(String ascii) {
    int length = ascii.length();
    room(length);
    for (int i = 0; i < length; i++) {
      buffer[at++] = (byte) ascii.charAt(i);
    }
  }

  private void number(String key, long value) {
    raw(key);
    room(20);
    if (value < 0) {
      raw(Long.toString(value));
      return;
    }
    int digits = 1;
    for (long rest = value; rest >= 10; rest /= 10) {
      digits++;
    }
    long rest = value;
    for (int i = digits - 1; i >= 0; i--) {
      buffer[at + i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    at += digits;
  }

  private void text(String value) {
    raw("\"");
    int plain = 0;
    while (plain < value.length() && isPlain(value.charAt(plain))) {
      plain++;
    }
    if (plain == value.length()) {
      raw(value);
    } else {
      escaped(value);
    }
    raw("\"");
  }

  private static boolean isPlain(char c) {
    return c >= ' ' && c < 127 && c != '"' && c != '\\';
  }

  private void escaped(String value) {
    byte[] utf8 = value.getBytes(StandardCharsets.UTF_8);
    room(6 * utf8.length);
    for (byte b : utf8) {
      if (b == '"' || b == '\\') {
        buffer[at++] = '\\';
        buffer[at++] = b;
      } else if (b >= 0 && b < ' ') {
        raw("\\u00");
        buffer[at++] = HEX[b >> 4];
        buffer[at++] = HEX[b & 15];
      } else {
        buffer[at++] = b;
      }
    }
  }
}
