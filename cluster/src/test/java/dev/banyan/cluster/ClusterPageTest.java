package dev.banyan.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.cluster.ClusterSnapshot.Edge;
import dev.banyan.cluster.ClusterSnapshot.Finding;
import dev.banyan.cluster.ClusterSnapshot.RankState;
import dev.banyan.cluster.Topology.Shape;
import java.awt.image.BufferedImage;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The page in a real browser. */
@Tag("page")
class ClusterPageTest {
  private static final String NOT_RUN = "page tests NOT RUN: apt-get install chromium";

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"16, 1280, false", "16, 500, true", "10000, 1280, true", "10000, 500, false"})
  void theSickRankIsSeenWhateverTheSizeOfClusterAndScreen(int ranks, int width, boolean dark)
      throws Exception {
    Path page = folder.resolve("page.html");
    ClusterPage.write(snapshot(ranks, "rank 5, sending"), page);
    String dom =
        chromium(dark, "--window-size=" + width + ",2400", "--dump-dom", page.toUri().toString());
    assertThat(dom).contains("1 culprit", "rank 5, sending", "communication slow", "isolate");
    assertThat(dom).contains(ranks == 16 ? "16 ranks" : "10,000 ranks");
    Path picture = folder.resolve("page.png");
    chromium(
        dark,
        "--window-size=" + width + ",2400",
        "--hide-scrollbars",
        "--screenshot=" + picture,
        page.toUri().toString());
    BufferedImage image = ImageIO.read(picture.toFile());
    int culprit = dark ? 0xff5a5f : 0xb3141f;
    int healthy = dark ? 0x2f5a47 : 0xb9d6c6;
    assertThat(pixels(image, culprit)).as("culprit").isGreaterThan(40);
    assertThat(pixels(image, healthy)).as("healthy").isGreaterThan(5000);
    // nothing is cut off at the right: the last column of the window is ground
    int ground = dark ? 0x14181a : 0xfbfaf7;
    for (int y = 0; y < image.getHeight(); y += 50) {
      assertThat(image.getRGB(image.getWidth() - 2, y) & 0xffffff).isEqualTo(ground);
    }
  }

  @Test
  void aServedPageShowsWhatIsTrueWhenTheBrowserAsks() throws Exception {
    var now = new AtomicReference<>(snapshot(16, "rank 5, sending"));
    try (ClusterPage page = ClusterPage.serve(0, now::get)) {
      String[] flags = {"--virtual-time-budget=3000", "--dump-dom", page.url()};
      assertThat(chromium(false, flags)).contains("rank 5, sending");
      now.set(snapshot(16, "rank 9, receiving"));
      assertThat(chromium(false, flags))
          .contains("rank 9, receiving")
          .doesNotContain("rank 5, sending");
    }
  }

  @Test
  void textOfAVerdictIsNeverTakenForCode() throws Exception {
    Path page = folder.resolve("page.html");
    String evil = "</script><script>document.title='taken'</script><b id=taken>";
    ClusterPage.write(snapshot(16, evil), page);
    String dom = chromium(false, "--dump-dom", page.toUri().toString());
    assertThat(dom).contains("&lt;/script&gt;").doesNotContain("<b id=\"taken\">");
    assertThat(dom).contains("<title>(1) a test</title>");
  }

  private static ClusterSnapshot snapshot(int ranks, String culprit) {
    List<RankState> states = new ArrayList<>(Collections.nCopies(ranks, RankState.HEALTHY));
    states.set(5, RankState.CULPRIT);
    List<Edge> edges = new ArrayList<>();
    for (int from = 0; from < ranks; from++) {
      for (int hop : new int[] {1, 3, ranks / 2}) {
        edges.add(new Edge(from, (from + hop) % ranks, from == 5 ? 200 : 0.1));
      }
    }
    var finding =
        new Finding(
            1_764_331_200_000L, "communicationSlow", culprit, List.of(5), "isolate", "row 5", true);
    Topology topology = Topology.uniform(new Shape(1, 4, 4, 1, 200, 200), 200, 8, 1);
    RoutePlan plan =
        RoutePlanner.plan(
            topology, new JobTable(2, List.of(TrafficJob.allReduce("a", List.of(0, 2, 4, 6)))));
    return new ClusterSnapshot(
        "a test",
        1_764_331_204_000L,
        8,
        ClusterSnapshot.states(states),
        ClusterSnapshot.delays(ranks, edges),
        List.of(finding),
        ClusterSnapshot.routes(plan));
  }

  private static int pixels(BufferedImage image, int colour) {
    int count = 0;
    for (int y = 0; y < image.getHeight(); y++) {
      for (int x = 0; x < image.getWidth(); x++) {
        count += (image.getRGB(x, y) & 0xffffff) == colour ? 1 : 0;
      }
    }
    return count;
  }

  /** What chromium prints; the test is skipped, and says so, where there is none. */
  private String chromium(boolean dark, String... arguments)
      throws IOException, InterruptedException {
    String program = null;
    for (String name :
        List.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome")) {
      program = program == null && new File(name).canExecute() ? name : program;
    }
    if (program == null) {
      System.out.println(NOT_RUN);
      Assumptions.abort(NOT_RUN);
    }
    List<String> command =
        new ArrayList<>(List.of(program, "--headless", "--no-sandbox", "--disable-gpu"));
    command.add("--user-data-dir=" + folder.resolve("profile"));
    command.add("--blink-settings=preferredColorScheme=" + (dark ? 0 : 1));
    command.addAll(List.of(arguments));
    Path said = Files.createTempFile(folder, "dom", ".html");
    Process process =
        new ProcessBuilder(command)
            .redirectOutput(said.toFile())
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("chromium ends").isTrue();
    } finally {
      process.destroyForcibly();
    }
    return Files.readString(said, StandardCharsets.UTF_8);
  }
}
