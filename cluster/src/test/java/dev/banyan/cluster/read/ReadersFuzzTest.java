package dev.banyan.cluster.read;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.ByteArrayInputStream;
import java.io.IOException;

/**
 * Whatever bytes come: values, or a place that is named; never anything else, never without end.
 */
class ReadersFuzzTest {
  @FuzzTest
  void flightRecorderPickles(byte[] bytes) {
    try {
      FlightRecorder.pickle(bytes, "dump_3", 3);
    } catch (BrokenInput e) {
      e.reason();
    }
  }

  @FuzzTest
  void flightRecorderJson(byte[] bytes) {
    try {
      FlightRecorder.json(bytes, "dump_3.json", 3);
    } catch (BrokenInput e) {
      e.reason();
    }
  }

  @FuzzTest
  void jsonEventLines(byte[] bytes) throws IOException {
    try (var cursor = new JsonEventCursor(new ByteArrayInputStream(bytes), "events", u -> {})) {
      while (cursor.next()) {
        cursor.ev.word();
      }
      cursor.finish();
    }
  }

  @FuzzTest
  void binaryEventLines(byte[] bytes) throws IOException {
    try (var cursor = new BinaryEventCursor(new ByteArrayInputStream(bytes), "events", u -> {})) {
      while (cursor.next()) {
        cursor.ev.word();
      }
      cursor.finish();
    }
  }

  @FuzzTest
  void inspectorLines(byte[] bytes) {
    Inspector.read(bytes, "inspector.log", u -> {});
  }

  @FuzzTest
  void rasSnapshots(byte[] bytes) {
    try {
      Ras.read(bytes, "ras.json");
    } catch (BrokenInput e) {
      e.reason();
    }
  }

  @FuzzTest
  void kinetoTraces(byte[] bytes) throws IOException {
    try {
      Kineto.read(new ByteArrayInputStream(bytes), "trace_3.json", 3);
    } catch (BrokenInput e) {
      e.reason();
    }
  }

  @FuzzTest
  void hostCounters(byte[] bytes) {
    HostCounters.notes(bytes, "net_dev");
  }

  @FuzzTest
  void sniffing(byte[] bytes) {
    Sniff.of(bytes);
  }
}
