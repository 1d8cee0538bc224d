package dev.banyan.cluster.read;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Pickles, real and malicious. */
class PickleReaderTest {
  @Test
  void readsWhatPythonWrites() throws Exception {
    // pickle.dumps({'a': [1, -2, 300, 70000, 1 << 40, 2.5, None, True, 'é'], 'b': (1, 2)}, 2)
    byte[] bytes =
        hex(
            "80027d71002858010000006171015d710228 4b014afeffffff4d2c014a701101008a06000000000001"
                + "4740040000000000004e885802000000c3a971036558010000006271044b014b0286710575 2e");
    assertThat(PickleReader.read(bytes))
        .isEqualTo(
            Map.of(
                "a",
                Arrays.asList(1L, -2L, 300L, 70000L, 1L << 40, 2.5, null, true, "é"),
                "b",
                List.of(1L, 2L)));
  }

  @Test
  void aPickleThatWouldRunCodeIsRefusedWhereItSaysSo() {
    byte[] bytes =
        "\u0080\u0002cos\nsystem\n(X\u0004\u0000\u0000\u0000lstR."
            .getBytes(StandardCharsets.ISO_8859_1);
    assertThatThrownBy(() -> PickleReader.read(bytes))
        .isInstanceOf(BrokenInput.class)
        .hasMessageContaining("GLOBAL")
        .extracting(e -> ((BrokenInput) e).offset())
        .isEqualTo(2L);
  }

  @Test
  void everyOpcodeThatBuildsObjectsIsRefused() {
    for (int op :
        new int[] {'c', 'R', 'i', 'o', 'b', 0x81, 0x82, 0x83, 0x84, 0x92, 0x93, 'P', 'Q'}) {
      assertThatThrownBy(() -> PickleReader.read(new byte[] {(byte) 0x80, 2, 'N', (byte) op, '.'}))
          .as("opcode %s", Integer.toHexString(op))
          .isInstanceOf(BrokenInput.class)
          .hasMessageContaining("run code");
    }
  }

  @Test
  void aTextLongerThanTheFileIsNoMemory() {
    byte[] bytes = {(byte) 0x80, 2, 'X', -1, -1, -1, 127, 'a', '.'};
    assertThatThrownBy(() -> PickleReader.read(bytes)).hasMessageContaining("only 2 are left");
  }

  @Test
  void aListInsideItselfIsReadWithoutEnd() throws Exception {
    // ] q0 h0 a . : a list that holds itself, as an entry of a dump
    var out = new ByteArrayOutputStream();
    out.writeBytes(new byte[] {(byte) 0x80, 2, '}', 'X', 7, 0, 0, 0});
    out.writeBytes("entries".getBytes(StandardCharsets.US_ASCII));
    out.writeBytes(new byte[] {']', 'q', 0, 'h', 0, 'a', 's', '.'});
    RankDump dump = FlightRecorder.pickle(out.toByteArray(), "dump_1", 1);
    assertThat(dump.groups()).hasSize(1);
  }

  @Test
  void aDumpCutAnywhereIsNamedAndNeverRead() throws IOException {
    byte[] whole = Files.readAllBytes(Path.of("src/test/resources/dumps/gloo_absent/gloo_1"));
    for (int length = 0; length < whole.length; length += 7) {
      byte[] cut = Arrays.copyOf(whole, length);
      assertThatThrownBy(() -> FlightRecorder.pickle(cut, "dump_1", 1))
          .isInstanceOf(BrokenInput.class);
    }
  }

  private static byte[] hex(String text) {
    return java.util.HexFormat.of().parseHex(text.replace(" ", ""));
  }
}
