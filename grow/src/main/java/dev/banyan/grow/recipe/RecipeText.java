package dev.banyan.grow.recipe;

import dev.banyan.core.Json;
import dev.banyan.core.UserInputException;
import dev.banyan.grow.Axis;
import dev.banyan.grow.Fill;
import dev.banyan.grow.GrowthOptions;
import dev.banyan.grow.GrowthStep;
import dev.banyan.grow.Recipe;
import dev.banyan.grow.TensorRecipe;
import dev.banyan.grow.TensorRecipe.Noise;
import dev.banyan.grow.TensorRecipe.Redraw;
import dev.banyan.grow.TensorRecipe.Role;
import dev.banyan.grow.TensorRecipe.Source;
import dev.banyan.grow.TensorRecipe.Use;
import dev.banyan.weights.JsonText;
import dev.banyan.weights.StoredType;
import dev.banyan.weights.TensorSpec;
import dev.banyan.weights.config.ModelConfig;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A recipe as JSON. Arrays of an axis are runs: {@code [value, count]} for places that follow one
 * another (index) or are alike (everything else), a bare number for a run of one.
 */
public final class RecipeText {
  private static final String FORMAT = "banyan-growth-1";

  private RecipeText() {}

  /** The text. */
  public static String write(Recipe recipe) {
    ObjectNode root = Json.mapper().createObjectNode();
    root.put("format", FORMAT);
    root.set("options", tree(recipe.options()));
    root.set("steps", tree(recipe.steps()));
    root.set("layers", tree(recipe.layers()));
    root.set("silent", tree(recipe.silent()));
    root.set("sourceConfig", Json.mapper().readTree(recipe.sourceConfig().toJson()));
    root.set("targetConfig", Json.mapper().readTree(recipe.targetConfig().toJson()));
    ObjectNode axes = root.putObject("axes");
    recipe.axes().forEach((name, axis) -> axes.set(name, axis(axis)));
    ArrayNode tensors = root.putArray("tensors");
    recipe.tensors().forEach(tensor -> tensors.add(tensor(tensor)));
    return Json.mapper().writeValueAsString(root) + "\n";
  }

  private static JsonNode tree(Object value) {
    return Json.mapper().valueToTree(value);
  }

  private static ObjectNode axis(Axis axis) {
    ObjectNode node = Json.mapper().createObjectNode();
    node.put("sourceSize", axis.sourceSize());
    int size = axis.size();
    double[] index = new double[size];
    double[] next = new double[size];
    for (int j = 0; j < size; j++) {
      index[j] = axis.index()[j];
      next[j] = axis.next()[j] ? 1 : 0;
    }
    node.set("index", runs(index, true));
    node.set("next", runs(next, false));
    node.set("produce", runs(axis.produce(), false));
    node.set("consume", runs(axis.consume(), false));
    node.set("gains", runs(axis.gains(), false));
    node.put("split", axis.split());
    node.set("freshWriters", fill(axis.freshWriters()));
    node.set("freshReaders", fill(axis.freshReaders()));
    return node;
  }

  private static ArrayNode runs(double[] values, boolean rising) {
    ArrayNode runs = Json.mapper().createArrayNode();
    int j = 0;
    while (j < values.length) {
      int end = j + 1;
      while (end < values.length
          && values[end] == (rising && values[j] >= 0 ? values[j] + (end - j) : values[j])) {
        end++;
      }
      boolean whole = values[j] == Math.rint(values[j]);
      if (end == j + 1) {
        if (whole) {
          runs.add((long) values[j]);
        } else {
          runs.add(values[j]);
        }
      } else {
        ArrayNode run = runs.addArray();
        if (whole) {
          run.add((long) values[j]);
        } else {
          run.add(values[j]);
        }
        run.add(end - j);
      }
      j = end;
    }
    return runs;
  }

  private static ArrayNode fill(Fill fill) {
    return Json.mapper().createArrayNode().add(fill.mean()).add(fill.deviation());
  }

  private static ObjectNode tensor(TensorRecipe tensor) {
    ObjectNode node = Json.mapper().createObjectNode();
    node.put("name", tensor.spec().name());
    node.put("dtype", tensor.spec().type().name());
    node.set("shape", tree(tensor.spec().shape()));
    if (!tensor.sources().isEmpty()) {
      ArrayNode sources = node.putArray("sources");
      for (Source source : tensor.sources()) {
        if (source.firstRow() == 0) {
          sources.add(source.tensor());
        } else {
          sources.addArray().add(source.tensor()).add(source.firstRow());
        }
      }
    } else {
      node.set("fresh", fill(tensor.fresh()));
      node.put("rowsPerDraw", tensor.rowsPerDraw());
    }
    use(node, "rows", tensor.rows());
    use(node, "columns", tensor.columns());
    if (tensor.scale() != 1) {
      node.put("scale", tensor.scale());
    }
    Redraw redraw = tensor.redraw();
    if (redraw != null) {
      ObjectNode drop = node.putObject("redraw");
      drop.put("expert", redraw.expert());
      drop.put("rows", redraw.rows());
      drop.put("share", redraw.share());
      drop.set("values", fill(redraw.values()));
    }
    Noise noise = tensor.noise();
    if (noise != null) {
      node.putObject("noise").put("deviation", noise.deviation()).put("share", noise.share());
    }
    return node;
  }

  private static void use(ObjectNode node, String key, @Nullable Use use) {
    if (use != null) {
      node.putObject(key)
          .put("axis", use.axis())
          .put("role", use.role().name().toLowerCase(Locale.ROOT))
          .put("from", use.from())
          .put("size", use.size());
    }
  }

  /**
   * The recipe of a text.
   *
   * @param file the file's name, for messages
   * @throws UserInputException when it is none
   */
  public static Recipe read(String file, byte[] json) {
    try {
      JsonNode root = Json.mapper().readTree(json);
      if (!root.isObject() || !root.path("format").asString("").equals(FORMAT)) {
        throw new UserInputException(
            file + ": is no growth recipe; expected format " + FORMAT + ", see banyan grow plan");
      }
      SequencedMap<String, Axis> axes = new LinkedHashMap<>();
      root.required("axes").forEachEntry((name, node) -> axes.put(name, axis(node)));
      List<TensorRecipe> tensors = new ArrayList<>();
      root.required("tensors").forEach(node -> tensors.add(tensor(node)));
      Recipe recipe =
          new Recipe(
              Json.mapper().treeToValue(root.required("options"), GrowthOptions.class),
              config(file, root.required("sourceConfig")),
              config(file, root.required("targetConfig")),
              list(root.required("steps"), GrowthStep.class),
              axes,
              tensors,
              list(root.required("layers"), Integer.class),
              list(root.required("silent"), Integer.class));
      requireWhole(recipe);
      return recipe;
    } catch (JacksonException | IllegalArgumentException | ArithmeticException e) {
      String message = e instanceof JacksonException j ? j.getOriginalMessage() : e.getMessage();
      throw new UserInputException(
          file + ": is no growth recipe: " + JsonText.oneLine(String.valueOf(message)), e);
    }
  }

  /** Every use must name an axis and stay inside it. */
  private static void requireWhole(Recipe recipe) {
    for (TensorRecipe tensor : recipe.tensors()) {
      for (Use use : new @Nullable Use[] {tensor.rows(), tensor.columns()}) {
        if (use != null) {
          int size = recipe.axis(use).size();
          if (use.from() < 0 || use.size() < 0 || use.from() > size - use.size()) {
            throw new IllegalArgumentException(
                tensor.spec().name() + " takes more of axis " + use.axis() + " than it has");
          }
        }
      }
    }
  }

  private static ModelConfig config(String file, JsonNode node) {
    return ModelConfig.parse(file, node.toString().getBytes(StandardCharsets.UTF_8));
  }

  private static <T> List<T> list(JsonNode node, Class<T> type) {
    List<T> list = new ArrayList<>();
    for (JsonNode item : node) {
      list.add(Json.mapper().treeToValue(item, type));
    }
    return list;
  }

  private static Axis axis(JsonNode node) {
    double[] index = runs(node.required("index"), true);
    double[] next = runs(node.required("next"), false);
    int[] places = new int[index.length];
    boolean[] later = new boolean[next.length];
    for (int j = 0; j < index.length; j++) {
      places[j] = (int) index[j];
    }
    for (int j = 0; j < next.length; j++) {
      later[j] = next[j] != 0;
    }
    return new Axis(
        node.required("sourceSize").asInt(),
        places,
        later,
        runs(node.required("produce"), false),
        runs(node.required("consume"), false),
        runs(node.required("gains"), false),
        node.required("split").asBoolean(),
        fill(node.required("freshWriters")),
        fill(node.required("freshReaders")));
  }

  private static double[] runs(JsonNode node, boolean rising) {
    List<Double> values = new ArrayList<>();
    for (JsonNode run : node) {
      double value = run.isArray() ? run.required(0).asDouble() : run.asDouble();
      int count = run.isArray() ? run.required(1).asInt() : 1;
      if (count < 1 || values.size() > 1 << 24) {
        throw new IllegalArgumentException("a run of " + count + " places");
      }
      for (int i = 0; i < count; i++) {
        values.add(rising && value >= 0 ? value + i : value);
      }
    }
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static Fill fill(JsonNode node) {
    return new Fill(node.required(0).asDouble(), node.required(1).asDouble());
  }

  private static TensorRecipe tensor(JsonNode node) {
    String name = node.required("name").asString();
    List<Long> shape = list(node.required("shape"), Long.class);
    StoredType type =
        StoredType.named(node.required("dtype").asString())
            .orElseThrow(() -> new IllegalArgumentException(name + " has an unknown dtype"));
    List<Source> sources = new ArrayList<>();
    for (JsonNode source : node.path("sources")) {
      sources.add(
          source.isArray()
              ? new Source(source.required(0).asString(), source.required(1).asLong())
              : new Source(source.asString(), 0));
    }
    JsonNode drop = node.get("redraw");
    JsonNode noise = node.get("noise");
    return new TensorRecipe(
        new TensorSpec(name, type, shape),
        sources,
        use(node.get("rows")),
        use(node.get("columns")),
        node.path("scale").asDouble(1),
        sources.isEmpty() ? fill(node.required("fresh")) : Fill.ZERO,
        node.path("rowsPerDraw").asInt(1),
        drop == null
            ? null
            : new Redraw(
                drop.required("expert").asString(),
                drop.required("rows").asBoolean(),
                drop.required("share").asDouble(),
                fill(drop.required("values"))),
        noise == null
            ? null
            : new Noise(
                noise.required("deviation").asDouble(), noise.required("share").asDouble()));
  }

  private static @Nullable Use use(@Nullable JsonNode node) {
    if (node == null) {
      return null;
    }
    String role = node.required("role").asString().toUpperCase(Locale.ROOT);
    return new Use(
        node.required("axis").asString(),
        Role.valueOf(role),
        node.required("from").asInt(),
        node.required("size").asInt());
  }
}
