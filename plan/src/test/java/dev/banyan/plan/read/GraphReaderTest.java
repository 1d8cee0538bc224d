package dev.banyan.plan.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.UserInputException;
import dev.banyan.plan.MemoryPlan;
import dev.banyan.plan.MemoryPlanner;
import dev.banyan.plan.Operator;
import dev.banyan.plan.PlanOptions;
import dev.banyan.plan.PlanRow;
import dev.banyan.plan.StepGraph;
import dev.banyan.plan.Storage;
import dev.banyan.plan.TensorSlot;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** Graphs as torch.export and XLA wrote them; interop/make_plan_inputs.py made the files. */
class GraphReaderTest {
  private static final Path INPUTS =
      Path.of("src/test/resources/dev/banyan/plan/read/inputs").toAbsolutePath();

  @TempDir private Path folder = Path.of("");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "net.pt2",
        "net-functional.pt2",
        "step.before.hlo.pb",
        "step.after.hlo.pb",
        "step.before.txt",
        "step.after.txt"
      })
  void everyFormatGivesAGraphWhosePlanHolds(String name) throws IOException {
    StepGraph graph = MemoryPlanner.read(INPUTS.resolve(name));
    MemoryPlan plan = MemoryPlanner.plan(graph, PlanOptions.standard().withSeconds(1));
    assertThat(MemoryPlanner.check(graph, plan).faults()).isEmpty();
    assertThat(plan.peakBytes()).isPositive();
    assertThat(graph.results()).isNotEmpty();
  }

  @Test
  void theContentTellsTheFormatNotTheName() throws IOException {
    Path renamed = folder.resolve("graph.json");
    Files.copy(INPUTS.resolve("step.after.hlo.pb"), renamed);
    assertThat(MemoryPlanner.read(renamed).operators())
        .isEqualTo(MemoryPlanner.read(INPUTS.resolve("step.after.hlo.pb")).operators());
  }

  /** Two readers of two encodings by one writer: what they say must be the same. */
  @Test
  void hloTextAndProtobufOfOneModuleAreOneGraph() throws IOException {
    StepGraph text = MemoryPlanner.read(INPUTS.resolve("step.before.txt"));
    StepGraph proto = MemoryPlanner.read(INPUTS.resolve("step.before.hlo.pb"));
    assertThat(text.operators()).isEqualTo(proto.operators());
    assertThat(text.storages()).isEqualTo(proto.storages());
    assertThat(text.tensors()).isEqualTo(proto.tensors());
    assertThat(text.producer()).contains("before fusion");
  }

  /** Our account of XLA's order and XLA's own heap simulation are made by different programs. */
  @Test
  void theLoadOfXlasOrderIsWhatXlasHeapSimulatorSays() throws IOException {
    Path file = INPUTS.resolve("step.after.hlo.pb");
    StepGraph graph = MemoryPlanner.read(file);
    PlanRow own = MemoryPlanner.own(file).orElseThrow();
    long[] loads = MemoryPlanner.loads(graph, graph.programOrder());
    assertThat(Arrays.stream(loads).max().orElse(0)).isEqualTo(own.peakBytes());
    MemoryPlan plan = MemoryPlanner.plan(graph, PlanOptions.standard());
    assertThat(plan.peakBytes()).isLessThan(own.peakBytes());
    assertThat(plan.arenaBytes()).isLessThan(own.arenaBytes());
    assertThat(MemoryPlanner.own(INPUTS.resolve("step.before.hlo.pb"))).isEmpty();
    assertThat(MemoryPlanner.own(INPUTS.resolve("net.pt2"))).isEmpty();
  }

  /** 2 × 8 inputs, a linear layer to 16, a convolution to 1 × 2 × 4 × 4: sizes by hand. */
  @Test
  void viewsOfAnExportedProgramTakeNoMemoryAndWritesInPlaceAreWrites() throws IOException {
    StepGraph graph = MemoryPlanner.read(INPUTS.resolve("net.pt2"));
    List<String> targets = graph.operators().stream().map(Operator::target).toList();
    assertThat(targets)
        .containsExactly(
            "aten.add_.Tensor",
            "aten.linear.default",
            "aten.relu.default",
            "aten.max.dim",
            "aten.conv2d.default",
            "aten.add_.Tensor",
            "aten.batch_norm.default",
            "aten.mul.Tensor",
            "aten.sum.default",
            "aten.add.Tensor",
            "aten.contiguous.default");
    assertThat(bytes(graph, "linear")).isEqualTo(2 * 16 * 4);
    assertThat(bytes(graph, "conv2d")).isEqualTo(2 * 4 * 4 * 4);
    assertThat(graph.operators().getFirst().writes()).containsExactly(storage(graph, "count").id());
    Operator norm = graph.operators().get(6);
    assertThat(norm.writes())
        .contains(
            storage(graph, "norm.running_mean").id(), storage(graph, "norm.running_var").id());
    Operator most = graph.operators().get(3);
    assertThat(most.reads())
        .as("max reads relu's memory through view and split")
        .containsExactly(graph.operators().get(2).writes().getFirst());
    assertThat(storage(graph, "linear.weight").kind()).isEqualTo(Storage.Kind.PARAMETER);
  }

  @Test
  void aFunctionalProgramsNewBufferIsCopiedBack() throws IOException {
    StepGraph graph = MemoryPlanner.read(INPUTS.resolve("net-functional.pt2"));
    List<Operator> copies =
        graph.operators().stream().filter(each -> each.name().startsWith("copy_back_")).toList();
    assertThat(copies.stream().flatMap(each -> each.writes().stream()).collect(Collectors.toSet()))
        .contains(storage(graph, "count").id(), storage(graph, "norm.running_mean").id());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "dynamic.pt2 | tensor 'input' has a symbolic size",
        "dynamic.onnx | input 'x': dimension 'batch' is not fixed",
      })
  void symbolicShapesAreRefusedByName(String name, String expected) {
    refused(INPUTS.resolve(name), expected);
  }

  /** ONNX's own shape inference wrote the expected shapes. */
  @Test
  void inferredShapesAreThoseOfOnnxsOwnInference() throws IOException {
    StepGraph graph = MemoryPlanner.read(INPUTS.resolve("net.onnx"));
    Map<String, List<Long>> truth =
        JsonMapper.shared()
            .readValue(
                Files.readString(INPUTS.resolve("net.onnx.shapes.json")), new TypeReference<>() {});
    int compared = 0;
    for (Operator operator : graph.operators()) {
      for (OptionalInt output : operator.outputs()) {
        TensorSlot slot = graph.tensors().get(output.orElseThrow());
        String name = graph.storages().get(slot.storage()).name();
        // nodes without a name have that of their first output
        if (operator.outputs().size() == 1) {
          assertThat(slot.shape()).as(name).isEqualTo(truth.get(name));
          compared++;
        }
      }
    }
    assertThat(compared).isGreaterThan(15);
    assertThat(graph.operators().stream().map(Operator::target))
        .as("the shape subgraph is folded, Reshape and Unsqueeze only name memory")
        .doesNotContain("onnx.Shape", "onnx.Gather", "onnx.Reshape", "onnx.Unsqueeze")
        .contains("onnx.Conv", "onnx.Tile");
    assertThat(graph.tensors().get(graph.results().getFirst()).shape()).isEqualTo(truth.get("y"));
  }

  @Test
  void anOnnxOperatorOfUnknownShapeIsRefusedByName() throws IOException {
    byte[] model = Files.readAllBytes(INPUTS.resolve("net.onnx"));
    String text = new String(model, StandardCharsets.ISO_8859_1).replace("Softmax", "Sofxmax");
    Path file = folder.resolve("unknown.onnx");
    Files.write(file, text.getBytes(StandardCharsets.ISO_8859_1));
    refused(file, "node 'soft' (Sofxmax): the shape it gives is not inferred here; run onnx.shape");
  }

  @Test
  void damagedFilesAreRefusedWithTheirPlace() throws IOException {
    for (String name : List.of("net.pt2", "step.after.hlo.pb", "net.onnx")) {
      byte[] whole = Files.readAllBytes(INPUTS.resolve(name));
      Path cut = folder.resolve("cut");
      Files.write(cut, Arrays.copyOf(whole, whole.length / 2));
      refused(cut, name.endsWith("pt2") ? "damaged or cut zip" : "byte ");
    }
    Path text = folder.resolve("cut.txt");
    String all = Files.readString(INPUTS.resolve("step.before.txt"));
    Files.writeString(text, all.substring(0, all.length() / 2));
    refused(text, "line ");
  }

  @Test
  void anotherMajorOfTheExportSchemaIsRefused() throws IOException {
    refused(archive("{\"schema_version\":{\"major\":9,\"minor\":1}}"), "its export schema is 9.1");
  }

  @Test
  void anOperatorOfUnknownAliasingIsRefusedByName() throws IOException {
    String model =
        """
        {"schema_version":{"major":8,"minor":3},"unknown":1,"graph_module":{"signature":{},
         "graph":{"tensor_values":{},"nodes":[
          {"target":"torch.ops.mylib.mix.default","name":"mix","inputs":[],"outputs":[]}]}}}
        """;
    refused(archive(model), "nothing is known about how 'torch.ops.mylib.mix.default' shares");
  }

  @Test
  void anExportedNodeThatReadsWhatComesLaterIsACycle() throws IOException {
    String model =
        """
        {"schema_version":{"major":8,"minor":3},"graph_module":{"signature":{},
         "graph":{"tensor_values":{},"nodes":[{"target":"torch.ops.aten.relu.default","name":"r",
          "inputs":[{"name":"self","kind":1,"arg":{"as_tensor":{"name":"late"}}}],
          "outputs":[]}]}}}
        """;
    refused(archive(model), "reads tensor 'late', which no node before it makes");
  }

  @Test
  void aZipBombIsRefusedBeforeItUnpacks() throws IOException {
    Path file = folder.resolve("bomb.pt2");
    try (var zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.putNextEntry(new ZipEntry("a/models/a.json"));
      byte[] blanks = new byte[1 << 20];
      Arrays.fill(blanks, (byte) ' ');
      for (int i = 0; i < 300; i++) {
        zip.write(blanks);
      }
    }
    assertThat(Files.size(file)).isLessThan(1 << 20);
    refused(file, "unpacks to more than 268435456 bytes");
  }

  @Test
  void whatIsNoGraphIsRefused() throws IOException {
    Path file = folder.resolve("x");
    Files.writeString(file, "hello");
    refused(file, "begins like no graph");
    Files.writeString(file, "module @jit_step {");
    refused(file, "StableHLO");
    refused(folder.resolve("absent"), "there is no such file");
    Files.write(file, new byte[0]);
    refused(file, "begins like no graph");
  }

  private Path archive(String model) throws IOException {
    Path file = folder.resolve("m.pt2");
    try (var zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.putNextEntry(new ZipEntry("m/models/m.json"));
      zip.write(model.getBytes(StandardCharsets.UTF_8));
    }
    return file;
  }

  private static void refused(Path file, String expected) {
    assertThatThrownBy(() -> MemoryPlanner.read(file))
        .isInstanceOf(UserInputException.class)
        .hasMessageStartingWith(file.toString())
        .hasMessageContaining(expected)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  private static Storage storage(StepGraph graph, String name) {
    return graph.storages().stream().filter(s -> s.name().equals(name)).findFirst().orElseThrow();
  }

  private static long bytes(StepGraph graph, String name) {
    return storage(graph, name).bytes();
  }
}
