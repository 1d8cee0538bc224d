package dev.banyan.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.cluster.SimulatedJob.Fault;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The door: files in, findings out. */
class DiagnosisTest {
  private static final Path DUMPS = Path.of("src/test/resources/dumps");

  @TempDir private Path folder = Path.of(".");

  private static Findings of(Path... paths) throws IOException, InterruptedException {
    return Diagnosis.of(List.of(paths), DiagnosisOptions.standard());
  }

  private static List<Integer> named(Findings findings) {
    return new TreeSet<>(findings.verdicts().stream().flatMap(v -> v.ranks().stream()).toList())
        .stream().toList();
  }

  @Test
  void ofTwoFaultyGpusOneIsNamedAndTheOtherIsMasked() throws Exception {
    Findings findings = of(DUMPS.resolve("gpu_error_1st"));
    assertThat(named(findings)).containsExactly(12);
    assertThat(findings.masked()).contains(14);
    assertThat(findings.verdicts().getFirst().syndrome())
        .isEqualTo(Syndrome.NON_COMMUNICATION_HANG);
    assertThat(findings.verdicts().getFirst().evidence())
        .anyMatch(sentence -> sentence.contains("rank 14 is masked, and should be looked at next"));
    assertThat(findings.ranksSeen()).isEqualTo(16);
    assertThat(findings.unreadable()).hasSize(1); // the note of what was injected
  }

  @Test
  void twoRanksThatHoldTheInterpreterAreBothNamed() throws Exception {
    Findings findings = of(DUMPS.resolve("lock_gil_2nd"));
    assertThat(named(findings)).containsExactly(10, 15);
    assertThat(findings.innocent()).doesNotContain(10, 15);
  }

  @Test
  void glooDumpsTellWhoIsAbsentAndWhoIsLate() throws Exception {
    assertThat(named(of(DUMPS.resolve("gloo_absent")))).containsExactly(2);
    assertThat(named(of(DUMPS.resolve("gloo_json")))).containsExactly(2);
    Findings late = of(DUMPS.resolve("gloo_straggler"));
    assertThat(named(late)).containsExactly(2);
    assertThat(late.verdicts().getFirst().syndrome()).isEqualTo(Syndrome.NON_COMMUNICATION_SLOW);
    assertThat(late.verdicts().getFirst().ambiguity()).contains("clock:2");
  }

  @Test
  void aGuiltyRankWithoutADumpIsFoundByItsPeers() throws Exception {
    Path dumps = copy(DUMPS.resolve("lock_gil_2nd"), 10, 15);
    assertThat(named(of(dumps))).isSubsetOf(10, 15).isNotEmpty();
  }

  @Test
  void aCutDumpIsListedAndTheRestStillNamesTheCulprit() throws Exception {
    Path dumps = copy(DUMPS.resolve("gpu_error_1st"));
    Path cut = dumps.resolve("_dump_5");
    Files.write(cut, java.util.Arrays.copyOf(Files.readAllBytes(cut), 87));
    Findings findings = of(dumps);
    assertThat(named(findings)).containsExactly(12);
    assertThat(findings.unreadable())
        .filteredOn(each -> each.path().endsWith("_dump_5"))
        .singleElement()
        .satisfies(each -> assertThat(each.offset()).isBetween(1L, 87L));
  }

  @Test
  void aDumpOfAnotherJobsRankIsRefused() throws Exception {
    Path dumps = copy(DUMPS.resolve("gpu_error_1st"));
    Files.copy(dumps.resolve("_dump_3"), dumps.resolve("_dump_99"));
    Findings findings = of(dumps);
    assertThat(named(findings)).containsExactly(12);
    assertThat(findings.unreadable()).anyMatch(each -> each.reason().contains("rank 99"));
  }

  private Path copy(Path dumps, Integer... without) throws IOException {
    List<Integer> left = List.of(without);
    for (int rank : IntStream.range(0, 16).toArray()) {
      if (!left.contains(rank)) {
        Files.copy(dumps.resolve("_dump_" + rank), folder.resolve("_dump_" + rank));
      }
    }
    return folder;
  }

  @Test
  void tenThousandMismatchesAreOneVerdict() throws Exception {
    for (int rank = 0; rank < 4; rank++) {
      var entries = new StringBuilder();
      for (int seq = 1; seq <= 10_000; seq++) {
        String op = rank == 1 && seq > 7 ? "all_gather" : "all_reduce";
        entries
            .append(seq == 1 ? "" : ",")
            .append("{\"record_id\":")
            .append(seq)
            .append(",\"pg_id\":0,\"process_group\":[\"0\",\"default_pg\"],\"collective_seq_id\":")
            .append(seq)
            .append(",\"p2p_seq_id\":0,\"is_p2p\":false,\"profiling_name\":\"nccl:")
            .append(op)
            .append("\",\"input_sizes\":[[4]],\"output_sizes\":[[4]],\"state\":\"completed\"}");
      }
      Files.writeString(
          folder.resolve("trace_" + rank + ".json"),
          "{\"version\":\"2.10\",\"pg_config\":{\"0\":{\"name\":\"0\",\"desc\":\"default_pg\","
              + "\"ranks\":\"[0, 1, 2, 3]\"}},\"pg_status\":{},\"entries\":["
              + entries
              + "]}");
    }
    Findings findings = of(folder);
    assertThat(findings.verdicts()).hasSize(1);
    Verdict verdict = findings.verdicts().getFirst();
    assertThat(verdict.syndrome()).isEqualTo(Syndrome.MISMATCH);
    assertThat(verdict.ranks()).containsExactly(1);
    assertThat(verdict.action()).isEqualTo(Action.FIX_SOFTWARE);
    assertThat(verdict.evidence()).anyMatch(sentence -> sentence.contains("collective 8:"));
    assertThat(verdict.evidence()).hasSizeLessThan(10);
  }

  @Test
  void theSameEventsAsFilesGiveTheSameVerdictAsLive() throws Exception {
    for (Fault fault : List.of(Fault.TX_SLOW, Fault.STOP_BETWEEN, Fault.BLACKHOLE, Fault.LATE)) {
      for (boolean binary : new boolean[] {false, true}) {
        var job = new SimulatedJob(false, 4, fault, 1, 2, false, 3);
        Path file = folder.resolve(fault + (binary ? ".bnev" : ".jsonl"));
        try (var writer = EventLineWriter.open(file)) {
          writer.writeAll(job.lines());
        }
        Findings findings = of(file);
        assertThat(findings.verdicts()).as("%s %s", fault, findings).hasSize(1);
        Verdict live = job.hear(new LiveDiagnosis(4, true)).findings().verdicts().getFirst();
        assertThat(findings.verdicts().getFirst().sameFault(live)).isTrue();
      }
    }
  }

  @Test
  void aStragglerIsFoundInOperationsThatTellTheirLength() throws Exception {
    for (int rank = 0; rank < 4; rank++) {
      var lines = new StringBuilder();
      for (int sn = 0; sn < 40; sn++) {
        lines
            .append("{\"header\":{\"id\":\"0x1\",\"rank\":")
            .append(rank)
            .append(
                ",\"n_ranks\":4,\"nnodes\":1},\"metadata\":{\"inspector_output_format_version\"")
            .append(":\"v4.0\",\"hostname\":\"h\",\"pid\":")
            .append(100 + rank)
            .append("},\"coll_perf\":{\"coll\":\"AllReduce\",\"coll_sn\":")
            .append(sn)
            .append(",\"coll_msg_size_bytes\":8192,\"coll_exec_time_us\":")
            .append(rank == 3 ? 120 : 900 + 10 * rank)
            .append("}}\n");
      }
      Files.writeString(folder.resolve("h-pid" + (100 + rank) + ".log"), lines);
    }
    Findings findings = of(folder);
    assertThat(named(findings)).containsExactly(3);
    assertThat(findings.verdicts().getFirst().syndrome())
        .isEqualTo(Syndrome.NON_COMMUNICATION_SLOW);
    assertThat(findings.innocent()).containsExactly(0, 1, 2);
  }

  @Test
  void rasSnapshotsThatDoNotMoveNameWhoIsBehind() throws Exception {
    for (int second : new int[] {10, 20}) {
      var ranks = new StringBuilder();
      for (int rank = 0; rank < 4; rank++) {
        ranks
            .append(rank == 0 ? "" : ",")
            .append("{\"rank\":")
            .append(rank)
            .append(",\"host\":\"n")
            .append(rank)
            .append("\",\"pid\":7,\"status\":{\"async_error\":0},\"collective_counts\":")
            .append("{\"AllReduce\":")
            .append(rank == 2 ? 41 : 42)
            .append("}}");
      }
      Files.writeString(
          folder.resolve("ras" + second + ".json"),
          "{\"nccl_version\":\"2.28.7\",\"timestamp\":\"2026-01-01 00:00:"
              + second
              + "\",\"communicators\":[{\"hash\":\"0xab\",\"size\":4,\"ranks\":["
              + ranks
              + "],\"missing_ranks\":[]}]}");
    }
    Findings findings = of(folder);
    assertThat(named(findings)).containsExactly(2);
    assertThat(findings.verdicts().getFirst().hosts()).containsExactly("n2");
    // One snapshot is no moment: a difference of one means nothing in it.
    assertThat(of(folder.resolve("ras10.json")).verdicts()).isEmpty();
  }

  /** Rank 0's port went down while its last credit had just come; nothing came to it after that. */
  @Test
  void aPortThatWasHeardFromBeforeTheBreakIsNotClearedByIt() throws Exception {
    Findings findings = of(DUMPS.resolve("ring_port_down"));
    assertThat(findings.verdicts()).hasSize(1);
    Verdict verdict = findings.verdicts().getFirst();
    assertThat(verdict.syndrome()).isEqualTo(Syndrome.COMMUNICATION_HANG);
    assertThat(verdict.ambiguity()).containsExactlyInAnyOrder("link:3->0", "rank:0");
    assertThat(verdict.action()).isEqualTo(Action.PROBE);
  }

  @Test
  void aPathThatIsNotThereIsSaidInOneLine() {
    assertThatThrownBy(() -> of(folder.resolve("nowhere")))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("no such file");
  }
}
