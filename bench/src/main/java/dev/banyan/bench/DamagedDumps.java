package dev.banyan.bench;

import dev.banyan.cluster.Diagnosis;
import dev.banyan.cluster.DiagnosisOptions;
import dev.banyan.cluster.Findings;
import dev.banyan.cluster.Syndrome;
import dev.banyan.cluster.Verdict;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/** What a diagnosis loses when the dumps of some ranks are missing or broken. */
public final class DamagedDumps {
  private static final int OVERWRITTEN = 16;
  private static final int LARGEST_SET = 3;

  private DamagedDumps() {}

  /**
   * Trials over one job's dumps, held against what is said of all of them.
   *
   * @param folder of the dumps
   * @param named ranks that are named when nothing is missing
   * @param trials how many
   * @param damaged dumps that were missing or broken, over all trials
   * @param same trials in which the same ranks were named with the same syndromes
   * @param right trials in which every one of them was named, alone or in a stated set of at most
   *     three, or declared masked beside one that was; the rest are the points lost
   * @param all trials in which all of them were named, alone or in such a set
   * @param silent trials in which nothing was said
   * @param innocent trials in which a rank was named that is neither one of them nor in a set with
   *     one
   * @param others what was done and said in the trials that were not right
   */
  public record Result(
      String folder,
      Set<Integer> named,
      int trials,
      long damaged,
      int same,
      int right,
      int all,
      int silent,
      int innocent,
      List<String> others) {}

  private record Said(Findings findings, Set<Integer> ranks, Set<Syndrome> syndromes) {
    static Said of(Path folder) throws IOException, InterruptedException {
      Findings findings = Diagnosis.of(List.of(folder), DiagnosisOptions.standard());
      var said = new Said(findings, new TreeSet<>(), new TreeSet<>());
      for (Verdict verdict : findings.verdicts()) {
        said.ranks.addAll(verdict.ranks());
        said.syndromes.add(verdict.syndrome());
      }
      return said;
    }

    boolean isRight(Set<Integer> culprits) {
      Set<Integer> known = new TreeSet<>(ranks);
      known.addAll(findings.masked());
      return culprits.stream().anyMatch(ranks::contains)
          && known.containsAll(culprits)
          && !namesOthers(culprits);
    }

    boolean namesOthers(Set<Integer> culprits) {
      return findings.verdicts().stream().anyMatch(verdict -> namesOthers(verdict, culprits));
    }

    private static boolean namesOthers(Verdict verdict, Set<Integer> culprits) {
      boolean set = !verdict.ambiguity().isEmpty() && verdict.ranks().size() <= LARGEST_SET;
      return set
          ? verdict.ranks().stream().noneMatch(culprits::contains)
          : !culprits.containsAll(verdict.ranks());
    }

    boolean agrees(Said other) {
      return ranks.equals(other.ranks) && syndromes.equals(other.syndromes);
    }
  }

  /**
   * Damages every dump with probability {@code share}: of those half are taken away, a quarter is
   * cut at a random byte, a quarter has {@value #OVERWRITTEN} random bytes.
   *
   * @param scratch emptied between trials
   */
  public static Result measure(Path dumps, double share, int trials, Seed seed, Path scratch)
      throws IOException, InterruptedException {
    Said whole = Said.of(dumps);
    List<Path> files;
    try (Stream<Path> inside = Files.list(dumps)) {
      files = inside.filter(Files::isRegularFile).sorted().toList();
    }
    if (files.isEmpty() || whole.ranks.isEmpty()) {
      throw new UserInputException(
          dumps + ": expected a folder of one job's dumps, of which a fault is told");
    }
    long damaged = 0;
    int same = 0;
    int right = 0;
    int all = 0;
    int silent = 0;
    int innocent = 0;
    List<String> others = new ArrayList<>();
    for (int trial = 0; trial < trials; trial++) {
      var random = new Random(seed.of(dumps.getFileName().toString(), trial).value());
      empty(scratch);
      List<String> gone = new ArrayList<>();
      List<String> hurt = new ArrayList<>();
      for (Path file : files) {
        boolean harm = random.nextDouble() < share;
        damaged += harm ? 1 : 0;
        boolean stays = !harm || random.nextBoolean();
        if (harm) {
          (stays ? hurt : gone).add(file.getFileName().toString());
        }
        if (stays) {
          byte[] bytes = Files.readAllBytes(file);
          Files.write(scratch.resolve(file.getFileName()), harm ? broken(bytes, random) : bytes);
        }
      }
      Said said = Said.of(scratch);
      all += said.isRight(whole.ranks) && said.ranks.containsAll(whole.ranks) ? 1 : 0;
      same += said.agrees(whole) ? 1 : 0;
      if (said.isRight(whole.ranks)) {
        right++;
      } else {
        others.add(
            "without %s, broken %s: %s"
                .formatted(
                    gone, hurt, said.findings.verdicts().stream().map(Verdict::headline).toList()));
      }
      silent += said.ranks.isEmpty() ? 1 : 0;
      innocent += said.namesOthers(whole.ranks) ? 1 : 0;
    }
    empty(scratch);
    return new Result(
        dumps.getFileName().toString(),
        whole.ranks,
        trials,
        damaged,
        same,
        right,
        all,
        silent,
        innocent,
        others);
  }

  private static byte[] broken(byte[] bytes, Random random) {
    if (bytes.length == 0 || random.nextBoolean()) {
      return Arrays.copyOf(bytes, random.nextInt(bytes.length + 1));
    }
    byte[] broken = bytes.clone();
    for (int i = 0; i < OVERWRITTEN; i++) {
      broken[random.nextInt(broken.length)] = (byte) random.nextInt();
    }
    return broken;
  }

  private static void empty(Path folder) throws IOException {
    try (Stream<Path> inside = Files.list(folder)) {
      for (Path file : inside.toList()) {
        Files.delete(file);
      }
    }
  }
}
