package dev.banyan.cli.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.serve.Gateway;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import tools.jackson.databind.JsonNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** The manifests of the documentation are about commands and each other as these are. */
final class KubernetesTest {
  private static final Path FOLDER = Path.of("..", "docs", "kubernetes");

  private static List<JsonNode> read(String file) throws IOException {
    try (var all =
        new YAMLMapper().readerFor(JsonNode.class).readValues(FOLDER.resolve(file).toFile())) {
      List<JsonNode> documents = new ArrayList<>();
      while (all.hasNext()) {
        documents.add((JsonNode) all.next());
      }
      return documents;
    }
  }

  private static JsonNode of(List<JsonNode> documents, String kind, String name) {
    return documents.stream()
        .filter(each -> each.path("kind").asString("").equals(kind))
        .filter(each -> each.at("/metadata/name").asString("").equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError("there is no " + kind + " " + name));
  }

  @ParameterizedTest
  @CsvSource({
    "gateway.yaml,Deployment,banyan,banyan,8080,4",
    "engines.yaml,Deployment,banyan,banyan,8080,4",
    "engines.yaml,StatefulSet,engines,engines,8000,0"
  })
  void containersStartAServerAtThePortTheyTell(
      String file, String kind, String name, String service, int port, int backends)
      throws Exception {
    List<JsonNode> documents = read(file);
    JsonNode pods = of(documents, kind, name).path("spec");
    JsonNode spec = pods.at("/template/spec");
    JsonNode container = spec.path("containers").path(0);
    List<String> words = texts(container.path("args"));
    assertThat(words.subList(0, 2)).containsExactly("serve", "run");

    // the real command: a flag that is renamed is refused here
    var command = new ServeRunCommand();
    CommandLine.ParseResult parsed =
        new CommandLine(command).parseArgs(words.subList(2, words.size()).toArray(String[]::new));
    int listens = parsed.matchedOptionValue("--port", 0);
    assertThat(listens).isEqualTo(port);
    String host = parsed.matchedOptionValue("--host", "");
    assertThat(host).isEqualTo("0.0.0.0");
    List<?> before = parsed.matchedOptionValue("--backend", List.of());
    assertThat(before).hasSize(backends);
    assertThat(parsed.hasMatchedPositional(0)).isEqualTo(backends == 0);

    JsonNode told = container.path("ports").path(0);
    assertThat(told.path("containerPort").asInt()).isEqualTo(port);
    assertThat(container.at("/readinessProbe/httpGet/port").asString())
        .isEqualTo(told.path("name").asString());
    long patience = parsed.matchedOptionValue("--patience", 0L);
    assertThat(patience).isLessThan(spec.path("terminationGracePeriodSeconds").asLong());
    assertThat(pods.at("/template/metadata/labels")).isEqualTo(pods.at("/selector/matchLabels"));

    // every file a flag names lies on a volume there is
    Set<String> volumes = new TreeSet<>();
    spec.path("volumes").forEach(each -> volumes.add(each.path("name").asString()));
    List<String> mounted = new ArrayList<>();
    for (JsonNode each : container.path("volumeMounts")) {
      assertThat(volumes).contains(each.path("name").asString());
      mounted.add(each.path("mountPath").asString());
    }
    for (String word : words) {
      String path = word.replaceFirst("^--[a-z-]+=", "");
      if (path.startsWith("/")) {
        assertThat(mounted).anyMatch(path::startsWith);
      }
    }
    JsonNode asked = of(read(backends == 0 ? file : "gateway.yaml"), "Service", service);
    assertThat(asked.at("/spec/selector")).isEqualTo(pods.at("/selector/matchLabels"));
  }

  @ParameterizedTest
  @CsvSource({"gateway.yaml,vllm.yaml,vllm", "engines.yaml,engines.yaml,engines"})
  void theGatewayKnowsEveryPodThereMayBe(String gateway, String file, String name)
      throws Exception {
    List<JsonNode> documents = read(file);
    JsonNode scaler = of(documents, "HorizontalPodAutoscaler", name).path("spec");
    JsonNode service = of(documents, "Service", name);
    JsonNode set = of(documents, scaler.at("/scaleTargetRef/kind").asString(), name).path("spec");
    assertThat(set.path("serviceName").asString()).isEqualTo(name);
    int port = service.at("/spec/ports/0/port").asInt();
    assertThat(set.at("/template/spec/containers/0/ports/0/containerPort").asInt()).isEqualTo(port);
    List<String> pods = new ArrayList<>();
    for (int i = 0; i < scaler.path("maxReplicas").asInt(); i++) {
      pods.add("--backend=http://%s-%d.%s:%d".formatted(name, i, name, port));
    }
    JsonNode deployment = of(read(gateway), "Deployment", "banyan");
    assertThat(texts(deployment.at("/spec/template/spec/containers/0/args")))
        .containsSequence(pods);
  }

  @Test
  void enginesScaleByFreenessAndMetricsAreScrapedWithAKey() throws Exception {
    List<JsonNode> documents = read("engines.yaml");
    String rules =
        of(documents, "ConfigMap", "banyan-adapter-rules").at("/data/config.yaml").asString();
    JsonNode rule = new YAMLMapper().readTree(rules).path("rules").path(0);
    assertThat(rule.path("seriesQuery").asString()).startsWith("banyan_freeness{");
    JsonNode scaler = of(documents, "HorizontalPodAutoscaler", "engines");
    JsonNode metric = scaler.at("/spec/metrics/0/object");
    assertThat(metric.at("/metric/name").asString()).isEqualTo(rule.at("/name/as").asString());

    List<JsonNode> gateway = read("gateway.yaml");
    JsonNode service = of(gateway, "Service", metric.at("/describedObject/name").asString());
    JsonNode monitor = of(gateway, "ServiceMonitor", "banyan").path("spec");
    assertThat(monitor.at("/selector/matchLabels")).isEqualTo(service.at("/metadata/labels"));
    JsonNode endpoint = monitor.path("endpoints").path(0);
    assertThat(endpoint.path("port").asString())
        .isEqualTo(service.at("/spec/ports/0/name").asString());
    assertThat(endpoint.at("/authorization/credentials/name").asString()).isNotEmpty();
  }

  /** What a manifest has twice under one name would be lost without a word. */
  @ParameterizedTest
  @CsvSource({"gateway.yaml,3", "engines.yaml,5", "vllm.yaml,3"})
  void everyDocumentHasAKindAndANameOfItsOwn(String file, int count) throws Exception {
    Map<String, JsonNode> named = new LinkedHashMap<>();
    for (JsonNode each : read(file)) {
      assertThat(each.path("apiVersion").asString("")).isNotEmpty();
      String name = each.path("kind").asString("") + " " + each.at("/metadata/name").asString("");
      assertThat(name).matches("\\w+ [a-z0-9-]+");
      named.put(name, each);
    }
    assertThat(named).hasSize(count);
  }

  /** The heap alone may not fill what the container may have: it is not all that a JVM needs. */
  @ParameterizedTest
  @CsvSource({
    "gateway.yaml,Deployment,banyan",
    "engines.yaml,Deployment,banyan",
    "engines.yaml,StatefulSet,engines"
  })
  void heapsLeaveRoomBelowTheLimitOfMemory(String file, String kind, String name) throws Exception {
    JsonNode container = of(read(file), kind, name).path("spec").at("/template/spec/containers/0");
    CommandLine.ParseResult parsed =
        new CommandLine(new ServeRunCommand())
            .parseArgs(texts(container.path("args")).stream().skip(2).toArray(String[]::new));
    boolean engines = parsed.hasMatchedPositional(0);
    int instances = parsed.matchedOptionValue("--instances", 0);
    assertThat(instances > 0).isEqualTo(engines); // the default depends on the node
    long heaps = gatewayHeap(container) + instances * Gateway.ENGINE_HEAP_BYTES;
    JsonNode memory = container.path("resources");
    assertThat(bytes(memory.at("/limits/memory").asString())).isGreaterThanOrEqualTo(3 * heaps / 2);
    assertThat(bytes(memory.at("/requests/memory").asString())).isGreaterThanOrEqualTo(heaps);
  }

  /** As BANYAN_HEAP names it, or by default of the script. */
  private static long gatewayHeap(JsonNode container) throws IOException {
    for (JsonNode each : container.path("env")) {
      if (each.path("name").asString("").equals("BANYAN_HEAP")) {
        return bytes(each.path("value").asString() + "i");
      }
    }
    String script = Files.readString(Path.of("..", "banyan"));
    Matcher usual = Pattern.compile("'serve '\\*\\)[^;]*-Xmx(\\d+[mg])\\b").matcher(script);
    assertThat(usual.find()).isTrue();
    return bytes(usual.group(1) + "i");
  }

  private static long bytes(String quantity) {
    Matcher parts = Pattern.compile("(\\d+)([KMGkmg])i").matcher(quantity);
    assertThat(parts.matches()).as(quantity).isTrue();
    int unit = "kmg".indexOf(parts.group(2).toLowerCase(Locale.ROOT)) + 1;
    return Long.parseLong(parts.group(1)) << (10 * unit);
  }

  private static List<String> texts(JsonNode list) {
    return list.valueStream().map(each -> each.asString("")).toList();
  }
}
