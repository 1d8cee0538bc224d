package dev.banyan.cluster.ingest;

import dev.banyan.cluster.DiagnosisOptions;
import dev.banyan.cluster.Unreadable;
import dev.banyan.cluster.read.BrokenInput;
import dev.banyan.cluster.read.FlightRecorder;
import dev.banyan.cluster.read.HostCounters;
import dev.banyan.cluster.read.Inspector;
import dev.banyan.cluster.read.Kineto;
import dev.banyan.cluster.read.RankDump;
import dev.banyan.cluster.read.Ras;
import dev.banyan.cluster.read.Sniff;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * All that was found at some paths, sorted by what it is. What cannot be read is listed, and the
 * rest is used.
 *
 * @param dumps of single ranks
 * @param snapshots of NCCL RAS, by time
 * @param events files of event lines, still to be read
 * @param unreadable what could not be read
 * @param notes what the reader should know
 */
public record Intake(
    List<RankDump> dumps,
    List<Ras.Snapshot> snapshots,
    List<EventFiles.Source> events,
    List<Unreadable> unreadable,
    List<String> notes) {
  /** A dump is read whole; a larger one is none. */
  private static final int LARGEST_DUMP = 1 << 30;

  /** Reads paths: files, and folders with all that is below them. */
  public static Intake read(List<Path> paths, DiagnosisOptions options) throws IOException {
    var intake =
        new Intake(
            new ArrayList<>(),
            new ArrayList<>(),
            new ArrayList<>(),
            new ArrayList<>(),
            new ArrayList<>());
    for (Path path : files(paths)) {
      try {
        intake.take(path, options);
      } catch (BrokenInput e) {
        intake.unreadable.add(new Unreadable(path.toString(), e.offset(), e.reason()));
      } catch (IOException e) {
        String why = e.getMessage();
        intake.unreadable.add(new Unreadable(path.toString(), 0, why == null ? e.toString() : why));
      }
    }
    intake.snapshots.sort(Comparator.comparing(Ras.Snapshot::timestamp));
    return intake;
  }

  private static List<Path> files(List<Path> paths) throws IOException {
    List<Path> files = new ArrayList<>();
    for (Path path : paths) {
      if (Files.isDirectory(path)) {
        try (Stream<Path> below = Files.walk(path)) {
          below.filter(Files::isRegularFile).sorted().forEach(files::add);
        }
      } else if (Files.exists(path)) {
        files.add(path);
      } else {
        throw new UserInputException(path + ": there is no such file or folder");
      }
    }
    return files;
  }

  private void take(Path path, DiagnosisOptions options) throws IOException {
    Sniff.Kind kind = Sniff.of(path);
    String name = path.toString();
    switch (kind) {
      case EVENTS_JSON -> events.add(new EventFiles.Source(name, false, () -> Sniff.open(path)));
      case EVENTS_BINARY -> events.add(new EventFiles.Source(name, true, () -> Sniff.open(path)));
      case PICKLE ->
          dumps.add(
              FlightRecorder.pickle(
                  whole(path), name, FlightRecorder.rankOf(path, options.rankPattern())));
      case FLIGHT_RECORDER_JSON ->
          dumps.add(
              FlightRecorder.json(
                  whole(path), name, FlightRecorder.rankOf(path, options.rankPattern())));
      case INSPECTOR -> {
        List<RankDump> found = Inspector.read(whole(path), name, unreadable::add);
        dumps.addAll(found);
        boolean told = notes.contains(Inspector.SETTINGS);
        if (!told && found.stream().allMatch(dump -> dump.groups().isEmpty())) {
          notes.add(Inspector.SETTINGS);
        }
      }
      case RAS -> snapshots.addAll(Ras.read(whole(path), name));
      case KINETO -> {
        try (InputStream in = Sniff.open(path)) {
          dumps.add(Kineto.read(in, name, FlightRecorder.rankOf(path, options.rankPattern())));
        }
      }
      case HOST -> notes.addAll(HostCounters.notes(whole(path), name));
      case EMPTY -> throw new BrokenInput(0, "is empty");
      case UNKNOWN ->
          throw new BrokenInput(
              0,
              "is none of: Flight Recorder dump, NCCL Inspector or RAS file, Kineto trace, event"
                  + " lines, host counters");
    }
  }

  private static byte[] whole(Path path) throws IOException {
    try (InputStream in = Sniff.open(path)) {
      byte[] bytes = in.readNBytes(LARGEST_DUMP);
      if (in.read() >= 0) {
        throw new BrokenInput(LARGEST_DUMP, "is larger than 1 GiB; no dump is");
      }
      return bytes;
    }
  }
}
