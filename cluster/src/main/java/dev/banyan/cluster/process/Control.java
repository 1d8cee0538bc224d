package dev.banyan.cluster.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;

/**
 * What the lab may ask of a rank while it runs, one word (and number) a line on standard input:
 * {@code late MILLIS} computes longer from now on, {@code skip} leaves out the next large
 * collective, {@code half} enters it with half the bytes, {@code hold between} and {@code hold
 * inside} stop the rank's own work at a known place, answer {@code held} and wait for {@code go}.
 * The end of standard input ends the rank, so none outlives its lab.
 */
final class Control implements Transfers.Checkpoint {
  private final PrintStream answers;
  private volatile int lateMillis;
  private volatile boolean skip;
  private volatile boolean half;
  private volatile String hold = "";
  private volatile CountDownLatch go = new CountDownLatch(1);

  Control(PrintStream answers) {
    this.answers = answers;
  }

  /** Reads orders until the stream ends. */
  void read(InputStream orders) throws IOException {
    try (var lines = new BufferedReader(new InputStreamReader(orders, StandardCharsets.UTF_8))) {
      String line;
      while ((line = lines.readLine()) != null) {
        String[] words = line.split(" ", 2);
        switch (words[0]) {
          case "late" -> lateMillis = Integer.parseInt(words[1]);
          case "skip" -> skip = true;
          case "half" -> half = true;
          case "hold" -> {
            go = new CountDownLatch(1);
            hold = words[1];
          }
          case "go" -> go.countDown();
          default -> throw new IllegalArgumentException("order '" + line + "' is not known");
        }
      }
    }
  }

  int lateMillis() {
    return lateMillis;
  }

  /** Whether to leave out the next large collective; asked once per iteration. */
  boolean takeSkip() {
    boolean asked = skip;
    skip = false;
    return asked;
  }

  /** Whether to enter the next large collective with half the bytes. */
  boolean takeHalf() {
    boolean asked = half;
    half = false;
    return asked;
  }

  void betweenOperations() throws InterruptedException {
    holdAt("between");
  }

  @Override
  public void insideTransfer() throws InterruptedException {
    holdAt("inside");
  }

  private void holdAt(String place) throws InterruptedException {
    if (hold.equals(place)) {
      hold = "";
      answers.println("held");
      answers.flush();
      go.await();
    }
  }
}
