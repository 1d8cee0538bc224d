package dev.banyan.cli.cluster;

import dev.banyan.cli.frame.Common;
import dev.banyan.cli.frame.TextTable;
import dev.banyan.cluster.FabricProbe;
import dev.banyan.cluster.FabricProbe.Request;
import dev.banyan.cluster.PathCatalogue;
import dev.banyan.cluster.PathCatalogue.Pair;
import dev.banyan.cluster.PathCatalogue.Port;
import dev.banyan.core.ExitCode;
import dev.banyan.core.Table;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code banyan cluster probe DESTINATION}. */
@Command(
    name = "probe",
    description = {
      "Find out which source port takes which path to another host, by packets that die at the",
      "spine. Runs on the sending host, needs no privilege. After any change of the fabric probe",
      "everything again: ports that never used a dead link move too."
    },
    footer =
        "  banyan cluster probe 10.101.0.2 --paths 64 --source-nic 0 --destination-nic 8 --out catalogue.json")
public final class ClusterProbeCommand implements Callable<ExitCode> {
  @Parameters(paramLabel = "DESTINATION", description = "Address of the other host's port.")
  private String destination = "";

  @Option(
      names = "--source",
      paramLabel = "IP",
      defaultValue = "0.0.0.0",
      description = "Address of this host's port (default: whichever is routed).")
  private String source = "0.0.0.0";

  @Option(
      names = "--protocol",
      paramLabel = "udp|tcp",
      defaultValue = "udp",
      description = "What the traffic will be; switches hash it (default: ${DEFAULT-VALUE}).")
  private String protocol = "udp";

  @Option(
      names = "--destination-port",
      paramLabel = "N",
      defaultValue = "4791",
      description = "What the traffic goes to (default: ${DEFAULT-VALUE}, RoCE).")
  private int destinationPort = 4791;

  @Option(
      names = "--paths",
      paramLabel = "N",
      defaultValue = "8",
      description =
          "How many there are; sets how many ports are tried (default: ${DEFAULT-VALUE}).")
  private int paths = 8;

  @Option(
      names = "--ports",
      paramLabel = "N",
      description = "How many source ports (default: enough to hit every path with 99 %%).")
  private @Nullable Integer ports;

  @Option(
      names = "--first-port",
      paramLabel = "N",
      defaultValue = "49152",
      description = "The first of them (default: ${DEFAULT-VALUE}).")
  private int firstPort = 49_152;

  @Option(
      names = "--hops",
      paramLabel = "N",
      defaultValue = "2",
      description = "Where packets die: 2 is the spine (default: ${DEFAULT-VALUE}).")
  private int hops = 2;

  @Option(
      names = "--map",
      paramLabel = "FILE.csv",
      description = "address,path lines: which path a switch address stands for.")
  private @Nullable Path map;

  @Option(
      names = "--source-nic",
      paramLabel = "N",
      defaultValue = "-1",
      description = "Number of this NIC in the topology, for the catalogue.")
  private int sourceNic = -1;

  @Option(
      names = "--destination-nic",
      paramLabel = "N",
      defaultValue = "-1",
      description = "Number of the other NIC.")
  private int destinationNic = -1;

  @Option(
      names = "--plane",
      paramLabel = "N",
      defaultValue = "0",
      description = "Plane of the ports (default: ${DEFAULT-VALUE}).")
  private int plane = 0;

  @Option(
      names = "--against",
      paramLabel = "FILE",
      description = "An earlier catalogue; says how many ports changed their path.")
  private @Nullable Path against;

  @Option(names = "--out", paramLabel = "FILE", description = "Where the catalogue goes.")
  private @Nullable Path out;

  @Mixin private Common common = new Common();

  @Override
  public ExitCode call() throws IOException {
    if (paths < 1 || paths > 10_000) {
      throw new UserInputException("--paths " + paths + ": expected 1 to 10,000");
    }
    int count = ports == null ? FabricProbe.portsFor(paths) : ports;
    var request =
        new Request(protocol, source, destination, destinationPort, firstPort, count, hops, 200, 4);
    Map<String, Integer> numbers = map == null ? Map.of() : FabricProbe.readPaths(map);
    PathCatalogue before = against == null ? null : PathCatalogue.read(against);
    long start = System.nanoTime();
    Pair pair = FabricProbe.pair(request, sourceNic, destinationNic, plane, numbers);
    double took = (System.nanoTime() - start) / 1e9;
    PathCatalogue catalogue = PathCatalogue.of(protocol, destinationPort, List.of(pair));
    if (out != null) {
      catalogue.write(out);
    }
    Map<String, int[]> byHop = new TreeMap<>();
    for (Port port : pair.ports()) {
      int[] row = byHop.computeIfAbsent(port.hop(), x -> new int[] {port.path(), 0});
      row[1]++;
    }
    Table table = Table.of("switch", "path", "ports");
    byHop.forEach((hop, row) -> table.row(hop, row[0], row[1]));
    common.out().print(TextTable.of(table));
    common
        .out()
        .printf(
            "%d of %d ports answered, over %d switches, in %.2f s%n",
            pair.ports().size(), count, byHop.size(), took);
    var result =
        common
            .result()
            .put("ports", count)
            .put("answered", pair.ports().size())
            .put("switches", byHop.size())
            .put("seconds", took);
    if (before != null) {
      int[] kept = kept(before, pair);
      common.out().printf("%d of %d ports take the path they took before%n", kept[0], kept[1]);
      result.put("kept", kept[0]).put("known", kept[1]);
    }
    common.emit(result);
    return ExitCode.DONE;
  }

  private static int[] kept(PathCatalogue before, Pair now) {
    Map<Integer, String> was = new HashMap<>();
    for (Pair pair : before.pairs()) {
      if (pair.destination().equals(now.destination()) && pair.source().equals(now.source())) {
        pair.ports().forEach(port -> was.put(port.port(), port.hop()));
      }
    }
    int same = 0;
    int known = 0;
    for (Port port : now.ports()) {
      String hop = was.get(port.port());
      known += hop == null ? 0 : 1;
      same += port.hop().equals(hop) ? 1 : 0;
    }
    return new int[] {same, known};
  }
}
