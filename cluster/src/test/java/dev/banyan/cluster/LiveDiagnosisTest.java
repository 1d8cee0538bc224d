package dev.banyan.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.cluster.SimulatedJob.Fault;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Planted faults in simulated jobs, heard live. */
class LiveDiagnosisTest {
  @ParameterizedTest
  @EnumSource(Fault.class)
  void namesWhatWasPlantedInAPairwiseExchange(Fault fault) {
    List<String> wrong = new ArrayList<>();
    for (int seed = 0; seed < 12; seed++) {
      check(false, 4 + seed % 3, fault, seed, wrong);
    }
    assertThat(wrong).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void namesWhatWasPlantedInARing(Fault fault) {
    List<String> wrong = new ArrayList<>();
    for (int seed = 0; seed < 12; seed++) {
      check(true, 4 + seed % 3, fault, seed, wrong);
    }
    assertThat(wrong).isEmpty();
  }

  private static void check(boolean ring, int world, Fault fault, int seed, List<String> wrong) {
    int culprit = seed % world;
    int other = ring ? (culprit + 1) % world : (culprit + 1 + seed / 3 % (world - 1)) % world;
    var job = new SimulatedJob(ring, world, fault, culprit, other, false, seed);
    SimulatedJob.Heard heard = job.hear(new LiveDiagnosis(4, true));
    String said = heard.findings().verdicts().toString();
    if (!right(fault, ring, culprit, other, heard.findings())) {
      wrong.add("seed " + seed + ", " + culprit + " and " + other + ": " + said);
    } else if (fault != Fault.NONE) {
      boolean slow = heard.findings().verdicts().getFirst().syndrome().isSlow();
      double took = heard.at() - job.when();
      if (took > (slow ? 20 : 8)) {
        wrong.add("seed " + seed + " took " + took + " s: " + said);
      }
    }
  }

  private static boolean right(
      Fault fault, boolean ring, int culprit, int other, Findings findings) {
    List<Verdict> verdicts = findings.verdicts();
    if (fault == Fault.NONE) {
      return verdicts.isEmpty();
    }
    if (verdicts.isEmpty() || (fault != Fault.TX_AND_LATE && verdicts.size() != 1)) {
      return false;
    }
    Verdict first = verdicts.getFirst();
    List<String> links = first.links();
    return switch (fault) {
      case NONE -> false;
      case TX_SLOW ->
          first.syndrome() == Syndrome.COMMUNICATION_SLOW
              && (ring
                  ? first.ambiguity().contains("tx:" + culprit) && first.ambiguity().size() == 3
                  : links.equals(List.of(culprit + "->*")));
      case RX_SLOW ->
          first.syndrome() == Syndrome.COMMUNICATION_SLOW
              && (ring
                  ? first.ambiguity().contains("rx:" + culprit)
                  : links.equals(List.of("*->" + culprit)));
      case LINK_SLOW ->
          first.syndrome() == Syndrome.COMMUNICATION_SLOW
              && links.equals(List.of(culprit + "->" + other));
      case LATE ->
          first.syndrome() == Syndrome.NON_COMMUNICATION_SLOW
              && first.ranks().equals(List.of(culprit));
      case STOP_BETWEEN ->
          first.syndrome() == Syndrome.NON_COMMUNICATION_HANG
              && first.ranks().equals(List.of(culprit));
      case STOP_INSIDE ->
          first.syndrome() == Syndrome.COMMUNICATION_HANG && first.ranks().equals(List.of(culprit));
      case BLACKHOLE ->
          first.syndrome() == Syndrome.COMMUNICATION_HANG
              && (links.equals(List.of(culprit + "->" + other))
                  || first.ambiguity().contains("link:" + culprit + "->" + other));
      case PORT_DOWN ->
          first.syndrome() == Syndrome.COMMUNICATION_HANG
              && (links.equals(List.of(culprit + "<->*"))
                  || first.ambiguity().contains("rank:" + culprit));
      case KILL ->
          first.syndrome() == Syndrome.PROCESS_LOSS && first.ranks().equals(List.of(culprit));
      case SKIP, HALF ->
          first.syndrome() == Syndrome.MISMATCH && first.ranks().equals(List.of(culprit));
      case TX_AND_LATE -> {
        boolean late =
            verdicts.stream()
                .anyMatch(
                    each ->
                        each.syndrome() == Syndrome.NON_COMMUNICATION_SLOW
                            && each.ranks().equals(List.of(other)));
        boolean sends =
            verdicts.stream()
                .anyMatch(
                    each ->
                        each.links().contains(culprit + "->*")
                            || each.ambiguity().contains("tx:" + culprit));
        yield (late && (sends || findings.masked().contains(culprit)))
            || (sends && findings.masked().contains(other));
      }
    };
  }

  @Test
  void aStoppedRankIsFoundThoughClocksAreHoursApart() {
    var job = new SimulatedJob(false, 4, Fault.STOP_BETWEEN, 2, 1, false, 5).withClocksApart();
    Findings findings = job.hear(new LiveDiagnosis(4, false)).findings();
    assertThat(findings.verdicts()).hasSize(1);
    assertThat(findings.verdicts().getFirst().ranks()).containsExactly(2);
    assertThat(findings.masked()).containsExactly(0, 1, 3);
    assertThat(findings.innocent()).isEmpty();
  }
}
