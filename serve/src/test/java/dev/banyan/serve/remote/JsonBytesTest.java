package dev.banyan.serve.remote;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.core.Json;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

final class JsonBytesTest {
  private static final List<String> TEXTS =
      List.of(
          "}", "]", "\"", "\\", "{\"__verbose\":1,", "é\uD83D\uDE00", "__verbose", ":", ",", "\n");

  private static String without(String event, String name, int depth) {
    byte[] bytes = JsonBytes.without(event.getBytes(StandardCharsets.UTF_8), name, depth);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{`a`:1,`x`:{`b`:`}`},`c`:2}        | {`a`:1,`c`:2}",
        "{`x`:[1,{`x`:2}] , `c`:2}          | { `c`:2}",
        "{`a`:`x`,`x` : `\\`,\\\\` , `c`:2} | {`a`:`x` , `c`:2}",
        "{`a`:[{`x`:1}],`x`:-1.5e3}         | {`a`:[{`x`:1}]}",
        "{`x`:null}                         | {}",
        "{`x`:true,`x`:false,`xx`:1}        | {`xx`:1}",
        "{`a`:`\\u0022x\\u0022:1`,`x`:1}    | {`a`:`\\u0022x\\u0022:1`}"
      })
  void aMemberGoesWithItsCommaAndNothingElse(String event, String left) {
    String said = event.replace('`', '"');
    assertThat(without("data: " + said + "\n\n", "x", 1))
        .isEqualTo("data: " + left.replace('`', '"') + "\n\n");
  }

  @Test
  void onlyMembersOfTheAskedDepthGo() {
    String said = "{\"x\":1,\"choices\":[{\"x\":2,\"y\":{\"x\":3}},{\"y\":0,\"x\":4}]}";
    assertThat(without(said, "x", 3))
        .isEqualTo("{\"x\":1,\"choices\":[{\"y\":{\"x\":3}},{\"y\":0}]}");
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4})
  void anyEventIsWhatAParserWouldMakeOfIt(int seed) {
    var random = new Random(seed);
    int had = 0;
    for (int i = 0; i < 2_000; i++) {
      ObjectNode event = Json.mapper().createObjectNode();
      fill(event, random, 3);
      ArrayNode choices = event.putArray("choices");
      for (int n = random.nextInt(3); n > 0; n--) {
        fill(choices.addObject(), random, 2);
      }
      fill(event, random, 1);
      boolean pretty = random.nextBoolean();
      String said =
          pretty
              ? event.toString().replace("\":", "\" : ").replace(",\"", ", \"")
              : event.toString();
      if (!Json.mapper().readTree(said).equals(event)) {
        said = event.toString(); // the spaces went into a text
      }
      had += event.has("__verbose") ? 1 : 0;
      ObjectNode left = event.deepCopy();
      left.remove("__verbose");
      String told = without("data: " + said + "\n\n", "__verbose", 1);
      assertThat(Json.mapper().readTree(told.substring(6))).isEqualTo(left);
      if (!pretty) {
        assertThat(told).isEqualTo("data: " + left + "\n\n");
      }
      cut(left, 3);
      String both = without(told, "__verbose", 3);
      assertThat(Json.mapper().readTree(both.substring(6))).isEqualTo(left);
    }
    assertThat(had).isGreaterThan(200);
  }

  /** Members of objects that are so deep go. */
  private static void cut(JsonNode node, int depth) {
    if (depth == 1 && node instanceof ObjectNode object) {
      object.remove("__verbose");
    } else {
      node.forEach(each -> cut(each, depth - 1));
    }
  }

  private static void fill(ObjectNode object, Random random, int depth) {
    for (int i = random.nextInt(4); i > 0; i--) {
      String name = random.nextInt(4) == 0 ? "__verbose" : text(random);
      switch (random.nextInt(depth > 0 ? 6 : 4)) {
        case 0 -> object.put(name, text(random));
        case 1 -> object.put(name, random.nextInt());
        case 2 -> object.put(name, random.nextDouble());
        case 3 -> object.putNull(name);
        case 4 -> fill(object.putObject(name), random, depth - 1);
        default -> {
          ArrayNode list = object.putArray(name);
          list.add(text(random));
          fill(list.addObject(), random, depth - 1);
        }
      }
    }
  }

  private static String text(Random random) {
    var text = new StringBuilder();
    for (int i = random.nextInt(4); i > 0; i--) {
      text.append(TEXTS.get(random.nextInt(TEXTS.size())));
    }
    return text.toString();
  }
}
