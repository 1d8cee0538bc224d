package dev.banyan.cli.plan;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.cli.frame.CommandTree;
import dev.banyan.cli.frame.Noun;
import dev.banyan.core.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/**
 * Two branches of one input: each makes a large tensor and reduces it to a small one. Written as
 * large, large, small, small the step holds both large ones at once; branch after branch, one.
 */
class PlanCommandsTest {
  private static final int LARGE = 4096;
  private static final int SMALL = 512;
  private static final String GRAPHS = "../plan/src/test/resources/dev/banyan/plan";

  @TempDir private Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeEach
  void writeTheStep() throws IOException {
    try (OutputStream gzip =
        new GZIPOutputStream(Files.newOutputStream(folder.resolve("step.json.gz")))) {
      gzip.write(step("1.0").getBytes(StandardCharsets.UTF_8));
    }
  }

  @Test
  void theOrderThatHoldsOneBranchAtATimeIsFoundCheckedAndDrawn() {
    int code =
        run(
            "make",
            "step.json.gz",
            "--out",
            file("plan.json"),
            "--json",
            file("r.json"),
            "--report",
            file("r.html"));
    assertThat(code).as(said(err)).isZero();
    assertThat(said(out)).contains("5 operators", "planned order", "lower bound");
    JsonNode result = Json.read(folder.resolve("r.json"), JsonNode.class);
    assertThat(result.path("programOrderPeakBytes").asInt()).isEqualTo(2 * LARGE + SMALL);
    assertThat(result.path("peakBytes").asInt()).isEqualTo(LARGE + 2 * SMALL);
    assertThat(result.path("lowerBoundBytes").asInt()).isBetween(LARGE + SMALL, LARGE + 2 * SMALL);
    assertThat(result.path("arenaBytes").asInt()).isEqualTo(LARGE + 2 * SMALL);
    assertThat(folder.resolve("r.html")).content().contains("<svg", "sum_");

    assertThat(run("check", "step.json.gz", file("plan.json"))).isZero();
    assertThat(said(out)).contains("holds: 5 operators");
  }

  /** VGG16 at batch 32: a pooling's input is made again, and both executors' files come out. */
  @Test
  void aBudgetBelowTheBoundGivesAGraphWithCopiesAndItsPlan() {
    String vgg = Path.of(GRAPHS, "graphs", "vgg16-32.json.gz").toAbsolutePath().toString();
    int code = run("make", vgg, "--budget", "90%", "--seconds", "2", "--out", file("plan.json"));
    assertThat(code).as(said(err)).isZero();
    assertThat(said(out)).contains("below the lower bound: order cannot help", "fits,");
    assertThat(run("check", file("plan.step.json.gz"), file("plan.json"))).isZero();
    assertThat(run("check", vgg, file("plan.json"))).isNotZero();
    assertThat(run("make", vgg, "--budget", "fast")).isEqualTo(2);
    assertThat(said(err)).contains("--budget 'fast': expected bytes such as");
  }

  @Test
  void anHloDumpIsComparedWithXlasOwnOrderAndHeap() {
    Path inputs = Path.of(GRAPHS, "read", "inputs").toAbsolutePath();
    assertThat(run("compare", inputs.resolve("step.after.hlo.pb").toString())).isZero();
    assertThat(said(out)).contains("XLA's own order, heap", "with its buffer assignment");
    assertThat(run("make", inputs.resolve("step.before.hlo.pb").toString())).isZero();
    assertThat(said(out)).contains("before fusion: XLA will merge");
  }

  @Test
  void budgetsAreReadAsPeopleWriteThem() {
    assertThat(ByteBudget.of("1500", 0)).isEqualTo(1500);
    assertThat(ByteBudget.of("1.5GB", 0)).isEqualTo(1_500_000_000);
    assertThat(ByteBudget.of("2 MiB", 0)).isEqualTo(2 << 20);
    assertThat(ByteBudget.of("75%", 1000)).isEqualTo(750);
  }

  @Test
  void aPlanThatDoesNotHoldEndsWithOneAndSaysWhy() throws IOException {
    assertThat(run("make", "step.json.gz", "--out", file("plan.json"))).isZero();
    String plan = Files.readString(folder.resolve("plan.json"));
    JsonNode tree = Json.read(folder.resolve("plan.json"), JsonNode.class);
    String offsets = tree.path("offsets").toString();
    String overlapping = offsets.replaceAll("[1-9][0-9]*", "0").replace("-0", "-1");
    assertThat(overlapping).isNotEqualTo(offsets);
    Files.writeString(
        folder.resolve("plan.json"),
        plan.replaceAll("(?s)\"offsets\"\\s*:\\s*\\[[^]]*]", "\"offsets\":" + overlapping));
    assertThat(run("check", "step.json.gz", file("plan.json"))).isEqualTo(1);
    assertThat(said(out)).contains("plan.json: ");
  }

  @Test
  void everyPublishedOrderStandsBesideOurs() {
    assertThat(run("compare", "step.json.gz")).as(said(err)).isZero();
    assertThat(said(out))
        .contains("program, caching", "LESCEA", "LPMF", "eager", "Banyan", "lower bound");
  }

  @ParameterizedTest
  @CsvSource({
    "'', no JSON, step.json",
    "version, 2.0, 2.0",
    "cycle, , in a cycle",
    "truncated, , step.json",
  })
  void whatIsNoStepIsRefusedInOneLine(String what, String value, String said) throws IOException {
    String good = step("1.0");
    String bad =
        switch (what) {
          case "version" -> step(value);
          case "cycle" -> good.replace("\"reads\":[1]", "\"reads\":[5]");
          case "truncated" -> good.substring(0, good.length() / 2);
          default -> value;
        };
    Files.writeString(folder.resolve("step.json"), bad);
    assertThat(run("make", "step.json", "--out", file("plan.json"))).isEqualTo(2);
    assertThat(said(err).strip()).contains(said).hasLineCount(1);
    assertThat(folder.resolve("plan.json")).doesNotExist();
  }

  @Test
  void aPlanForAnotherGraphIsRefused() throws IOException {
    assertThat(run("make", "step.json.gz", "--out", file("plan.json"))).isZero();
    Files.writeString(
        folder.resolve("other.json"), step("1.0").replace("\"bytes\":4096", "\"bytes\":8192"));
    assertThat(run("check", "other.json", file("plan.json"))).isEqualTo(2);
    assertThat(said(err)).contains("is a plan for another graph").hasLineCount(1);
  }

  /** Storage and tensor i + 1 are what operator i makes; 0 is the input. */
  private static String step(String version) {
    var storages = new StringBuilder("{\"id\":0,\"bytes\":512,\"kind\":\"input\",\"name\":\"x\"}");
    var tensors = new StringBuilder(tensor(0, SMALL));
    int[] bytes = {LARGE, LARGE, SMALL, SMALL, SMALL};
    for (int i = 0; i < bytes.length; i++) {
      storages.append(
          ",{\"id\":%d,\"bytes\":%d,\"kind\":\"temporary\",\"name\":\"t%d\"}"
              .formatted(i + 1, bytes[i], i));
      tensors.append(',').append(tensor(i + 1, bytes[i]));
    }
    String operators =
        String.join(
            ",",
            operator(0, "aten.expand_copy", "[0]"),
            operator(1, "aten.expand_copy", "[0]"),
            operator(2, "aten.sum", "[1]"),
            operator(3, "aten.sum", "[2]"),
            operator(4, "aten.add", "[3,4]"));
    return """
        {"format":"banyan.step","version":"%s","torch":"2.13.0","storages":[%s],
         "tensors":[%s],"operators":[%s],"results":[5]}
        """
        .formatted(version, storages, tensors, operators);
  }

  private static String tensor(int id, int bytes) {
    return "{\"id\":%d,\"storage\":%d,\"dtype\":\"float32\",\"shape\":[%d],\"strides\":[1],\"offset\":0}"
        .formatted(id, id, bytes / 4);
  }

  private static String operator(int id, String name, String reads) {
    return ("{\"id\":%d,\"name\":\"%s\",\"target\":\"%s.default\",\"args\":[],\"kwargs\":{},"
            + "\"outputs\":[%d],\"reads\":%s,\"writes\":[%d],\"random\":false,\"frame\":\"\"}")
        .formatted(id, name.replace("aten.", "") + "_" + id, name, id + 1, reads, id + 1);
  }

  private String file(String name) {
    return folder.resolve(name).toString();
  }

  private static String said(ByteArrayOutputStream stream) {
    return stream.toString(StandardCharsets.UTF_8).strip();
  }

  private int run(String verb, String input, String... more) {
    out.reset();
    err.reset();
    var nouns =
        List.of(
            Noun.group(
                "Memory",
                "plan",
                "plans",
                PlanMakeCommand.class,
                PlanCheckCommand.class,
                PlanCompareCommand.class));
    var arguments = new java.util.ArrayList<>(List.of("plan", verb, file(input)));
    arguments.addAll(List.of(more));
    return new CommandTree(
            nouns,
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false)
        .run(arguments.toArray(String[]::new))
        .code();
  }
}
