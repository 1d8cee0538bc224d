package dev.banyan.cluster.fabric;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.cluster.JobTable;
import dev.banyan.cluster.RoutePlanner;
import dev.banyan.cluster.Topology;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Topologies and jobs, good and bad. */
class DescriptionsTest {
  private static final String FABRIC =
      """
      version: 1
      planes: 2
      leavesPerPlane: 4
      spinesPerPlane: 3
      linkGbps: 400
      portGbps: 200
      nodes: {count: 8, nicsPerNode: 2, leafOf: LEAF}
      """;

  private static final String JOBS =
      """
      version: 1
      queuePairs: 2
      jobs:
        - {name: a, nodes: ["0-3"], ring: [0, 2, 1, 3]}
        - {name: b, nodes: [4, 5], collective: all_to_all, bytes: 1000}
      """;

  @TempDir private Path folder;

  @Test
  void nodesFillLeavesByBlockOrRailOrAsAFileSays() throws IOException {
    Topology block = topology(FABRIC.replace("LEAF", "block"));
    assertThat(block.leafOf(0)).isEqualTo(0);
    assertThat(block.leafOf(4)).isEqualTo(1);
    Topology rail = topology(FABRIC.replace("LEAF", "rail"));
    assertThat(rail.leafOf(0)).isEqualTo(0);
    assertThat(rail.leafOf(1)).isEqualTo(1);
    assertThat(rail.leafOf(8)).isEqualTo(2);
    var csv = new StringBuilder("node,nic,leaf\n");
    for (int i = 0; i < 16; i++) {
      csv.append(i / 2).append(',').append(i % 2).append(',').append(i % 4).append('\n');
    }
    Files.writeString(folder.resolve("where.csv"), csv);
    assertThat(topology(FABRIC.replace("LEAF", "where.csv")).leafOf(7)).isEqualTo(3);
  }

  @Test
  void jobsHaveRingsAndRanges() {
    JobTable jobs = JobsReader.parse("jobs.yaml", JOBS);
    assertThat(jobs.jobs().get(0).ring()).containsExactly(0, 2, 1, 3);
    assertThat(jobs.jobs().get(1).bytes()).isEqualTo(1000);
  }

  @Test
  void explicitLinksMakeAFabric() {
    Topology topology =
        topology(
            """
            portGbps: 100
            nodes: {count: 2}
            links:
              - {from: leaf0, to: spine0, gbps: 100}
              - {from: spine0, to: leaf1, gbps: 50}
            """);
    assertThat(topology.gbps(0, 1, 0)).isEqualTo(50);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "linkGbps: 400|linkGbps: 0|'linkGbps' is 0, expected a number above 0",
        "portGbps: 200|portGbps: -1|'portGbps' is -1, expected a number above 0",
        "planes: 2|planes: two|'planes' is \"two\", expected a whole number",
        "planes: 2|plane: 2|there is no key 'plane'; did you mean planes?",
        "leafOf: LEAF|leafOf: nowhere.csv|nowhere.csv: there is no such file",
        "spinesPerPlane: 3|spinesPerPlane: 60000000|expected 1 to 65,536",
        "version: 1|version: 1\\nfailed: [p0/leaf9-spine0]|'p0/leaf9-spine0' is not in a fabric",
        "version: 1|version: 1\\nfailed: [leaf0]|names no link",
        "version: 1|version: 1\\nplanes: 1|planes",
        "version: 1|version: [|is no YAML",
      })
  void badTopologiesAreRefusedInOneLine(String good, String bad, String says) {
    String text = FABRIC.replace(good, bad.replace("\\n", "\n"));
    assertThat(text).isNotEqualTo(FABRIC);
    refused(() -> topology(text.replace("LEAF", "block")), says);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[4, 5]|[4, 9]|job 'b' has node 9, the fabric has nodes 0 to 7",
        "[4, 5]|[\"0-40\"]|job 'b' has 41 nodes, the fabric has 8",
        "[4, 5]|[3, 4]|node 3 is in job 'a' and in job 'b'",
        "[4, 5]|[4, 4]|job 'b' has node 4 twice",
        "[4, 5]|[]|'nodes' is empty",
        "all_to_all|all_for_one|collective 'all_for_one'",
        "name: b|name: a|a job named 'a' is there already",
        "queuePairs: 2|queuePairs: 0|expected 1 to 256",
      })
  void badJobsAreRefusedInOneLine(String good, String bad, String says) {
    Topology topology = topology(FABRIC.replace("LEAF", "block"));
    refused(
        () -> RoutePlanner.plan(topology, JobsReader.parse("jobs.yaml", JOBS.replace(good, bad))),
        says);
  }

  @Test
  void leavesWithoutACommonSpineHaveNoPath() {
    String text =
        """
        portGbps: 100
        nodes: {count: 2}
        links:
          - {from: leaf0, to: spine0, gbps: 100}
          - {from: leaf1, to: spine1, gbps: 100}
        """;
    JobTable jobs = JobsReader.parse("jobs.yaml", "jobs: [{nodes: [0, 1]}]");
    refused(() -> RoutePlanner.plan(topology(text), jobs), "no path from leaf 0 to leaf 1");
    refused(
        () -> topology(text.replace("leaf1, to: spine1", "leaf0, to: spine0")),
        "p0/leaf0-spine0 is there twice, first in links[0]");
  }

  @Test
  void aBombOfAliasesIsRefusedBeforeItGrows() {
    var bomb = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 12; i++) {
      bomb.append("a").append(i).append(": &a").append(i).append(" [");
      bomb.append(("*a" + (i - 1) + ", ").repeat(8)).append("*a").append(i - 1).append("]\n");
    }
    refused(() -> topology(bomb.toString()), "alias");
    refused(() -> topology("links: " + "[".repeat(5000)), "is no YAML");
    refused(() -> topology("nodes: " + "{a: ".repeat(30) + "1" + "}".repeat(30)), "is no YAML");
  }

  private Topology topology(String text) {
    return TopologyReader.parse("topology.yaml", text, folder);
  }

  private static void refused(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String says) {
    assertThatThrownBy(call)
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining(says)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }
}
