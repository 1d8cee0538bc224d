package dev.banyan.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BufferTableTest {
  /** The example of MiniMalloc's README, whose capacity is 12. */
  private static final String EXAMPLE =
      "id,lower,upper,size\nb1,0,3,4\nb2,3,9,4\nb3,0,9,4\nb4,9,21,4\nb5,0,21,4\n";

  @Test
  void theExampleOfMiniMallocIsReadAndFits() {
    BufferTable table = parse(EXAMPLE);
    assertThat(table.ids()).containsExactly("b1", "b2", "b3", "b4", "b5");
    assertThat(table.buffers().get(3)).isEqualTo(new Buffer(4, 9, 21, 1));
    assertThat(table.buffers().maxLoadBytes()).isEqualTo(12);
    Layout layout = LayoutPlanner.lay(table.buffers(), new Seed(1), Budget.nodes(1000));
    assertThat(layout.arenaBytes()).isEqualTo(12);
  }

  @Test
  void columnsMayStandInAnyOrderWithBlanksWindowsLineEndsAndAByteOrderMark() {
    BufferTable table =
        parse("\uFEFFsize, alignment ,id,upper,lower\r\n 7 ,8,x, 5 ,-2\r\n\r\n9,1,y,1,0");
    assertThat(table.ids()).containsExactly("x", "y");
    assertThat(table.buffers().list())
        .containsExactly(new Buffer(7, -2, 5, 8), new Buffer(9, 0, 1, 1));
  }

  @Test
  void whatIsWrittenHasTheOffsets(@TempDir Path folder) throws Exception {
    BufferTable table = parse(EXAMPLE);
    Layout layout = LayoutPlanner.lay(table.buffers(), new Seed(1), Budget.nodes(1000));
    Path file = folder.resolve("out.csv");
    table.write(file, layout);
    assertThat(Files.readAllLines(file))
        .hasSize(6)
        .startsWith("id,lower,upper,size,alignment,offset", "b1,0,3,4,1," + layout.offsetBytes(0));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "''                                  | empty",
        "id,lower,upper                      | no column 'size'",
        "id,lower,upper,sise                 | did you mean 'size'?",
        "id,lower,upper,size,size            | column 'size' is there twice",
        "id,lower,upper,size,offset          | fix addresses",
        "id,lower,upper,size                 | no buffers below the header",
        "id,lower,upper,size;a,1,2           | line 2: 3 cells, the header has 4",
        "id,lower,upper,size;a,1,2,x         | line 2: size is 'x'",
        "id,lower,upper,size;a,1,2,3;a,1,2,3 | line 3: id 'a' is also on line 2",
        "id,lower,upper,size;a,2,2,3         | line 2: lower is 2 and upper 2",
        "id,lower,upper,size;a,1,2,-3        | line 2: size is -3",
        "id,lower,upper,size;,1,2,3          | line 2: no id",
        "id,lower,upper,size;a,1,2,99999999999999999999 | whole number of 64 bits",
        "id,lower,upper,size;a,1,2,9000000000000000000  | line 2: size is 9000000000000000000",
        "id,lower,upper,size;a,1,2,2000000000000000000;b,1,2,2000000000000000000 | line 3: the buffers",
        "id,lower,upper,size,alignment;a,1,2,3,0 | line 2: alignment is 0",
      })
  void badTablesAreRefusedInOneLineThatSaysWhere(String csv, String said) {
    String text = csv.equals("''") ? "" : csv.replace(';', '\n');
    assertThatThrownBy(() -> parse(text))
        .isInstanceOf(UserInputException.class)
        .hasMessageStartingWith("t.csv")
        .hasMessageContaining(said)
        .hasMessageNotContaining("\n");
  }

  @Test
  void bytesThatAreNoTextAreRefused() {
    byte[] bytes = "id,lower,upper,size\na,1,2,3\n".getBytes(StandardCharsets.UTF_8);
    bytes[21] = (byte) 0xff;
    assertThatThrownBy(() -> BufferTable.parse("t.csv", bytes))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("not UTF-8");
    assertThatThrownBy(() -> parse("id,lower,upper,size\n" + "x".repeat(20_000)))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("line 2: longer than");
  }

  private static BufferTable parse(String csv) {
    return BufferTable.parse("t.csv", csv.getBytes(StandardCharsets.UTF_8));
  }
}
