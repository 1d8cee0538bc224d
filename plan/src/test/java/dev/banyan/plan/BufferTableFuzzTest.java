package dev.banyan.plan;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;

/**
 * Tables from strangers: whatever the bytes, a table that can be laid out, or one line. The
 * committed seeds run with every build; with JAZZER_FUZZ=1 new inputs are searched for.
 */
class BufferTableFuzzTest {
  @FuzzTest(maxDuration = "60s")
  void aTableIsLaidOutOrRefused(byte[] csv) {
    try {
      BufferTable table = BufferTable.parse("fuzz", csv);
      Layout layout = LayoutPlanner.lay(table.buffers(), new Seed(1), Budget.nodes(500));
      assertThat(layout.fault(table.buffers())).isEmpty();
    } catch (UserInputException e) {
      assertThat(e.getMessage()).startsWith("fuzz").doesNotContain("\n").hasSizeLessThan(500);
    }
  }
}
