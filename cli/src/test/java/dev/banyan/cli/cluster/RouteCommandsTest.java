package dev.banyan.cli.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.banyan.cli.frame.CommandTree;
import dev.banyan.cli.frame.Noun;
import dev.banyan.core.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Routing, simulating, probing and the month from the command line. */
class RouteCommandsTest {
  private static final String FABRIC =
      """
      version: 1
      planes: 2
      leavesPerPlane: 2
      spinesPerPlane: 8
      linkGbps: 1600
      portGbps: 200
      nvlinkGbps: 362
      nodes: {count: 16, nicsPerNode: 8, leafOf: block}
      """;

  @TempDir private Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @BeforeEach
  void describe() throws IOException {
    Files.writeString(folder.resolve("t.yaml"), FABRIC);
    var jobs = new StringBuilder("queuePairs: 2\njobs:\n");
    for (int j = 0; j < 8; j++) {
      jobs.append("  - {name: job%d, nodes: [%d, %d]}\n".formatted(j, j, j + 8));
    }
    Files.writeString(folder.resolve("j.yaml"), jobs);
  }

  @Test
  void aRouteIsPlannedProvenWrittenAndDrawn() {
    int code =
        run(
            "route",
            at("t.yaml"),
            at("j.yaml"),
            "--fail",
            "p0/leaf0-spine3",
            "--out",
            at("plan.json"),
            "--json",
            at("r.json"),
            "--report",
            at("r.html"));
    assertThat(code).as(said(err)).isZero();
    JsonNode result = Json.read(folder.resolve("r.json"), JsonNode.class);
    JsonNode busbw = result.path("busbwGbps");
    assertThat(busbw.path("ours").doubleValue()).isCloseTo(362, within(0.4));
    assertThat(busbw.path("bound").doubleValue()).isEqualTo(362);
    assertThat(busbw.path("oursEqualWeights").doubleValue()).isCloseTo(336.84, within(0.01));
    for (String rival : List.of("ecmp", "ecmpFixedReceive", "c4p")) {
      assertThat(busbw.path(rival).doubleValue()).isBetween(100.0, 340.0);
    }
    assertThat(result.path("certificate").path("holds").booleanValue()).isTrue();
    assertThat(result.path("planSeconds").doubleValue()).isPositive();
    assertThat(Json.read(folder.resolve("plan.json"), JsonNode.class).path("flows")).hasSize(512);
    assertThat(folder.resolve("r.html")).content().contains("data:image/svg+xml", "of the bound");
    assertThat(said(out)).contains("stock NCCL takes no path per queue pair");
  }

  @Test
  void aSimulationShowsEveryWayBeforeAndAfterTheFailure() {
    int code =
        run(
            "simulate",
            at("t.yaml"),
            at("j.yaml"),
            "--fail",
            "p0/leaf0-spine3",
            "--seeds",
            "3",
            "--placement",
            "random",
            "--json",
            at("s.json"),
            "--report",
            at("s.html"));
    assertThat(code).as(said(err)).isZero();
    JsonNode ways = Json.read(folder.resolve("s.json"), JsonNode.class).path("ways");
    double ours = ways.path("Banyan").path("slowestGbpsAfter").path("mean").doubleValue();
    double ecmp = ways.path("ECMP").path("slowestGbpsAfter").path("mean").doubleValue();
    assertThat(ours).isGreaterThan(ecmp);
    assertThat(folder.resolve("s.html")).content().contains("Banyan, after the failure.");
  }

  @Test
  void aMonthIsToldByComponent() {
    assertThat(run("month", "--months", "200", "--json", at("m.json"))).as(said(err)).isZero();
    JsonNode result = Json.read(folder.resolve("m.json"), JsonNode.class);
    for (String column : List.of("june", "december", "ours")) {
      JsonNode share = result.path(column);
      double sum =
          share.path("postCheckpoint").doubleValue()
              + share.path("detection").doubleValue()
              + share.path("diagnosisIsolation").doubleValue()
              + share.path("reinitialisation").doubleValue();
      assertThat(share.path("total").doubleValue()).isCloseTo(sum, within(1e-9));
      assertThat(share.path("low95").doubleValue()).isLessThan(share.path("high95").doubleValue());
    }
    assertThat(result.path("june").path("total").doubleValue()).isCloseTo(31.19, within(1.56));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "t.yaml|linkGbps: 1600|linkGbps: 0|'linkGbps' is 0, expected a number above 0",
        "t.yaml|count: 16|count: 4|has node 8, the fabric has nodes 0 to 3",
        "t.yaml|version: 1|failed: [p7/leaf0-spine0]|is not in a fabric",
        "j.yaml|[0, 8]|[0, 9]|node 9 is in job 'job0' and in job 'job1'",
        "j.yaml|queuePairs: 2|a: &a [1, 2]|there is no key 'a'",
        "j.yaml|queuePairs: 2|queuePairs: *q|",
      })
  void badInputEndsWithTwoAndOneLine(String file, String good, String bad, String says)
      throws IOException {
    Path path = folder.resolve(file);
    Files.writeString(path, Files.readString(path).replace(good, bad));
    assertThat(run("route", at("t.yaml"), at("j.yaml"), "--out", at("plan.json"))).isEqualTo(2);
    assertThat(said(err).lines().filter(line -> !line.isBlank())).hasSize(1);
    assertThat(said(err)).contains(says == null ? "j.yaml" : says);
    assertThat(folder.resolve("plan.json")).doesNotExist();
  }

  @Test
  void flagsThatMakeNoSenseEndWithTwo() {
    assertThat(run("route", at("t.yaml"), at("j.yaml"), "--fail", "spine7")).isEqualTo(2);
    assertThat(run("route", at("none.yaml"), at("j.yaml"))).isEqualTo(2);
    assertThat(run("month", "--failures", "-3")).isEqualTo(2);
    assertThat(run("probe", "10.0.0.1", "--protocol", "icmp")).isEqualTo(2);
    assertThat(run("simulate", at("t.yaml"), at("j.yaml"), "--seeds", "0")).isEqualTo(2);
  }

  private String at(String name) {
    return folder.resolve(name).toString();
  }

  private int run(String... args) {
    out.reset();
    err.reset();
    var noun =
        Noun.group(
            "Cluster",
            "cluster",
            "Routes.",
            ClusterRouteCommand.class,
            ClusterSimulateCommand.class,
            ClusterProbeCommand.class,
            ClusterMonthCommand.class);
    String[] line = new String[args.length + 1];
    line[0] = "cluster";
    System.arraycopy(args, 0, line, 1, args.length);
    var tree =
        new CommandTree(
            List.of(noun),
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8),
            false);
    return tree.run(line).code();
  }

  private static String said(ByteArrayOutputStream stream) {
    return stream.toString(StandardCharsets.UTF_8);
  }
}
