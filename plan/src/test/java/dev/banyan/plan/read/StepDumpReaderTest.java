package dev.banyan.plan.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.UserInputException;
import dev.banyan.plan.Argument;
import dev.banyan.plan.RandomGraphs;
import dev.banyan.plan.StepGraph;
import dev.banyan.plan.Storage;
import dev.banyan.plan.write.StepDumpWriter;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

class StepDumpReaderTest {
  private static final String GOOD =
      """
      {"format":"banyan.step","version":"1.3","torch":"2.13.0","extra":[{"a":1}],
       "storages":[
        {"id":0,"bytes":40,"kind":"parameter","name":"w","more":null},
        {"id":1,"bytes":40,"kind":"temporary","name":"a"},
        {"id":2,"bytes":40,"kind":"temporary","name":"b"}],
       "tensors":[
        {"id":0,"storage":0,"dtype":"float32","shape":[10],"strides":[1],"offset":0},
        {"id":1,"storage":1,"dtype":"float32","shape":[10],"strides":[1],"offset":0},
        {"id":2,"storage":2,"dtype":"float32","shape":[10],"strides":[1],"offset":0}],
       "operators":[
        {"id":0,"name":"a","target":"aten.mul.Tensor",
         "args":[{"tensor":0},{"float":"-inf"},{"list":[{"int":1},null]},{"dtype":"float32"}],
         "kwargs":{"alpha":{"bool":true}},
         "outputs":[1,null],"reads":[0],"writes":[1],"random":true,"frame":"my.py:3"},
        {"id":1,"name":"b","target":"aten.neg.default","args":[{"tensor":1}],"kwargs":{},
         "outputs":[2],"reads":[1],"writes":[2],"random":false,"frame":null}],
       "results":[2]}
      """;

  private static StepGraph read(String text) throws IOException {
    return StepDumpReader.read(
        "g.json", new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
  }

  private static void refused(String text, String message) {
    assertThatThrownBy(() -> read(text))
        .isInstanceOf(UserInputException.class)
        .hasMessageStartingWith("g.json: ")
        .hasMessageContaining(message)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  @Test
  void everyFieldIsReadAndUnknownOnesArePassedOver() throws IOException {
    StepGraph graph = read(GOOD);
    assertThat(graph.storages()).extracting(Storage::name).containsExactly("w", "a", "b");
    assertThat(graph.storages().getFirst().kind()).isEqualTo(Storage.Kind.PARAMETER);
    assertThat(graph.operators().getFirst().args())
        .containsExactly(
            new Argument.Tensor(0),
            new Argument.Real(Double.NEGATIVE_INFINITY),
            new Argument.Many(List.of(new Argument.Int(1), new Argument.None())),
            new Argument.Word("dtype", "float32"));
    assertThat(graph.operators().getFirst().random()).isTrue();
    assertThat(graph.operators().getFirst().outputs().get(1)).isEmpty();
    assertThat(graph.results()).containsExactly(2);
    assertThat(graph.persistentBytes()).isEqualTo(512);
  }

  @Test
  void whatIsWrittenIsReadBack() throws IOException {
    for (int i = 0; i < 200; i++) {
      StepGraph graph = RandomGraphs.small(i, 20);
      var bytes = new ByteArrayOutputStream();
      StepDumpWriter.write(graph, bytes);
      StepGraph again =
          StepDumpReader.read(graph.source(), new ByteArrayInputStream(bytes.toByteArray()));
      assertThat(again.operators()).isEqualTo(graph.operators());
      assertThat(again.storages()).isEqualTo(graph.storages());
      assertThat(StepDumpWriter.hash(again)).isEqualTo(StepDumpWriter.hash(graph));
    }
  }

  @Test
  void theHashKnowsEverythingButRemarks() throws IOException {
    String hash = StepDumpWriter.hash(read(GOOD));
    assertThat(StepDumpWriter.hash(read(GOOD.replace("my.py:3", "other.py:9")))).isEqualTo(hash);
    assertThat(StepDumpWriter.hash(read(GOOD.replace("2.13.0", "2.6.0")))).isEqualTo(hash);
    assertThat(StepDumpWriter.hash(read(GOOD.replace("-inf", "inf")))).isNotEqualTo(hash);
    assertThat(
            StepDumpWriter.hash(
                read(GOOD.replace("\"bytes\":40,\"kind\":\"temp", "\"bytes\":44,\"kind\":\"temp"))))
        .isNotEqualTo(hash);
  }

  @Test
  void useBeforeDefinitionAndCyclesNameTheNodes() {
    refused(
        GOOD.replace("\"reads\":[0]", "\"reads\":[0,2]"),
        "nodes wait for one another in a cycle: a → b → a");
    refused(
        GOOD.replace("\"reads\":[0]", "\"reads\":[2]").replace("\"reads\":[1]", "\"reads\":[0]"),
        "node 'a' reads storage 2 before node 'b' makes it");
    refused(
        GOOD.replace("\"writes\":[1]", "\"writes\":[]"),
        "node 'b' reads storage 1 'a', which no node");
    refused(
        GOOD.replace("\"writes\":[1]", "\"writes\":[7]"), "node 'a': writes storage 7 does not");
    refused(GOOD.replace("\"name\":\"b\",\"target\"", "\"name\":\"a\",\"target\""), "not unique");
  }

  @Test
  void versionsAndFormatsAreHeld() {
    refused(GOOD.replace("\"1.3\"", "\"2.0\""), "version '2.0' is unknown, this Banyan reads 1.x");
    refused(GOOD.replace("banyan.step", "other"), "format is 'other', expected 'banyan.step'");
    refused("[]", "byte 1: expected a step dump as an object");
    refused("{}", "format is ''");
    refused("", "the file ends too early");
    refused(GOOD + "x", "byte");
  }

  @Test
  void sizesMustBeKnownAndFit() {
    refused(GOOD.replaceFirst("\"bytes\":40", "\"bytes\":-1"), "storage 0");
    refused(GOOD.replaceFirst("\"bytes\":40", "\"bytes\":\"s0*4\""), "symbolic");
    refused(GOOD.replaceFirst("\\[10\\]", "[\"s0\"]"), "tensor 0's shape is 's0', not a number");
    refused(GOOD.replaceFirst("\"bytes\":40", "\"bytes\":99999999999999999999"), "overflows");
    refused(
        GOOD.replace("\"bytes\":40", "\"bytes\":9000000000000000000"), "together overflow 64 bits");
    refused(GOOD.replace("\"id\":1,\"storage\"", "\"id\":3,\"storage\""), "tensor at position 1");
    refused(GOOD.replace("{\"float\":\"-inf\"}", "{\"complex\":1}"), "tagged 'complex'");
  }

  @Test
  void gzipIsReadAndDamagedGzipSaysWhere() throws IOException {
    var packed = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(packed)) {
      gzip.write(GOOD.getBytes(StandardCharsets.UTF_8));
    }
    byte[] bytes = packed.toByteArray();
    StepGraph graph = StepDumpReader.read("g.json", new ByteArrayInputStream(bytes));
    assertThat(graph.operators()).hasSize(2);
    for (int length : new int[] {3, 12, bytes.length / 2, bytes.length - 3}) {
      byte[] cut = Arrays.copyOf(bytes, length);
      assertThatThrownBy(() -> StepDumpReader.read("g.json", new ByteArrayInputStream(cut)))
          .isInstanceOf(UserInputException.class)
          .hasMessageMatching("g.json: .*(byte|bytes).*");
    }
  }

  @Test
  void bombsAreRefusedBeforeTheyFillMemory() throws IOException {
    var packed = new ByteArrayOutputStream();
    try (var gzip = new GZIPOutputStream(packed)) {
      gzip.write("{\"format\":\"banyan.step\",\"pad\":[".getBytes(StandardCharsets.UTF_8));
      for (int i = 0; i < 1 << 16; i++) {
        gzip.write(new byte[] {'1', ',', '1', ','});
      }
    }
    byte[] bytes = packed.toByteArray();
    assertThatThrownBy(
            () -> StepDumpReader.read("g.json", new ByteArrayInputStream(bytes), 1 << 16, 1 << 30))
        .hasMessageContaining("unpacks to more than 65536 bytes");
    assertThatThrownBy(
            () -> StepDumpReader.read("g.json", new ByteArrayInputStream(bytes), 1 << 30, 1000))
        .hasMessageContaining("more than 1000 values");
    refused("{\"a\":" + "[".repeat(100_000), "byte");
  }
}
