package dev.banyan.core;

import java.io.PrintStream;
import java.time.Duration;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * One line of progress. The thread whose step is due prints it; others pass by without waiting. The
 * rate is an average that forgets with a time constant of fifteen seconds, so a resumed or uneven
 * job soon tells its true time left.
 */
final class ProgressLine implements Progress {
  private static final long LIVE_NANOS = 100_000_000L;
  private static final long QUIET_NANOS = 10_000_000_000L;
  private static final double MEMORY_SECONDS = 15;

  private final PrintStream out;
  private final Terminal terminal;
  private final LongSupplier nanoClock;
  private final String title;
  private final long total;
  private final String unit;
  private final long beginNanos;
  private final ReentrantLock painting = new ReentrantLock();

  private volatile long dueNanos;
  private volatile State state = new State(0, "");

  // Guarded by painting.
  private long paintedNanos;
  private long paintedDone = -1;
  private double weight;
  private double weightedRate;
  private int paintedLength;
  private boolean closed;

  private record State(long done, String note) {}

  ProgressLine(
      PrintStream out,
      Terminal terminal,
      LongSupplier nanoClock,
      String title,
      long total,
      String unit) {
    this.out = out;
    this.terminal = terminal;
    this.nanoClock = nanoClock;
    this.title = title;
    this.total = total;
    this.unit = unit;
    this.beginNanos = nanoClock.getAsLong();
    this.paintedNanos = beginNanos;
    this.dueNanos = beginNanos + (terminal.live() ? 0 : QUIET_NANOS);
  }

  @Override
  public void step(long done, String note) {
    State before = state;
    // Late reports of other threads must not turn the bar back.
    if (done >= before.done) {
      state = new State(done, note);
    }
    long now = nanoClock.getAsLong();
    if (paintedDone < 0 || now - dueNanos >= 0) {
      paint(now);
    }
  }

  private void paint(long now) {
    if (!painting.tryLock()) {
      return;
    }
    try {
      if (closed) {
        return;
      }
      measure(now, state.done);
      if (now - dueNanos < 0) {
        return; // the first step only tells where the work begins
      }
      dueNanos = now + (terminal.live() ? LIVE_NANOS : QUIET_NANOS);
      print(line(now, state, false));
    } finally {
      painting.unlock();
    }
  }

  @Override
  public void close() {
    painting.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      if (paintedDone < 0) {
        return; // nothing was begun: what went wrong before is said by somebody else
      }
      long now = nanoClock.getAsLong();
      measure(now, state.done);
      print(line(now, state, true));
      if (terminal.live()) {
        out.println();
      }
      out.flush();
    } finally {
      painting.unlock();
    }
  }

  /** Takes the pace since the last look into the average. */
  private void measure(long now, long done) {
    double seconds = (now - paintedNanos) / 1e9;
    if (paintedDone >= 0 && seconds > 0) {
      double keep = Math.exp(-seconds / MEMORY_SECONDS);
      double rate = Math.max(0, done - paintedDone) / seconds;
      weightedRate = keep * weightedRate + (1 - keep) * rate;
      weight = keep * weight + (1 - keep);
    }
    paintedNanos = now;
    paintedDone = done;
  }

  private String line(long now, State state, boolean last) {
    var line = new StringBuilder(title);
    if (total > 0) {
      double share = Math.clamp((double) state.done / total, 0, 1);
      if (terminal.live()) {
        line.append(' ').append(bar(share));
      }
      line.append(' ').append((int) Math.floor(share * 100)).append(" %");
      line.append("  ").append(Format.count(state.done)).append(" of ");
      line.append(Format.count(total)).append(' ').append(unit);
    } else {
      line.append("  ").append(Format.count(state.done)).append(' ').append(unit);
    }
    double rate = weight > 0 ? weightedRate / weight : 0;
    if (rate > 0) {
      line.append("  ").append(rate(rate));
    }
    var elapsed = Duration.ofNanos(now - beginNanos);
    if (last) {
      line.append("  in ").append(Format.duration(elapsed));
    } else if (total > 0 && rate > 0) {
      long left = (long) Math.ceil(Math.max(0, total - state.done) / rate);
      line.append("  ").append(left < 60 ? left + " s" : Format.duration(Duration.ofSeconds(left)));
      line.append(" left");
    }
    if (!state.note.isEmpty()) {
      line.append("  ").append(state.note);
    }
    return line.toString();
  }

  private String rate(double perSecond) {
    String number =
        perSecond >= 1000 ? Format.count(Math.round(perSecond)) : Format.number(round(perSecond));
    return number + " " + unit + "/s";
  }

  private static double round(double value) {
    return value >= 100 ? Math.rint(value) : Math.rint(value * 100) / 100;
  }

  private String bar(double share) {
    int cells = Math.clamp(terminal.columns() - 62, 8, 24);
    int eighths = (int) Math.round(share * cells * 8);
    var bar = new StringBuilder();
    bar.repeat('█', eighths / 8);
    if (eighths % 8 > 0) {
      bar.append((char) ('█' + 8 - eighths % 8)); // U+2588 full … U+258F one eighth
    }
    bar.repeat('░', cells - bar.length());
    return bar.toString();
  }

  private void print(String text) {
    if (!terminal.live()) {
      out.println(text);
      return;
    }
    String clean = text.replaceAll("\\p{Cntrl}", " ");
    String cut =
        clean.length() < terminal.columns() ? clean : clean.substring(0, terminal.columns() - 1);
    // Blanks wipe what a longer line left; one write, so that lines of others do not fall between.
    out.print("\r" + cut + " ".repeat(Math.max(0, paintedLength - cut.length())));
    out.flush();
    paintedLength = cut.length();
  }
}
