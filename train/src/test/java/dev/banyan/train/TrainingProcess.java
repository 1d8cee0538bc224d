package dev.banyan.train;

import dev.banyan.core.Progress;
import dev.banyan.core.Settings;
import dev.banyan.tensor.Libtorch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A process that trains, says every step and its resident memory, and may be killed. */
final class TrainingProcess {
  private static final long PAGE_BYTES = 4096;

  private TrainingProcess() {}

  public static void main(String[] args) {
    Libtorch.start(Libtorch.Use.INFERENCE, 1);
    var settings = Settings.read(Path.of(args[0]), TrainConfig.SETTINGS);
    TrainResult result = Trainer.run(TrainConfig.of(settings), new Said());
    System.out.println("from " + result.resumedAt());
    System.out.flush();
    Libtorch.exitNow(0);
  }

  private static final class Said implements Progress {
    @Override
    public void step(long done, String note) {
      System.out.println(done + " " + residentBytes());
    }

    @Override
    public void close() {}
  }

  private static long residentBytes() {
    try {
      // proc_pid_statm(5): the second number is resident pages
      return PAGE_BYTES
          * Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ", 3)[1]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
