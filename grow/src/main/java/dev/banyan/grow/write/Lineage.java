package dev.banyan.grow.write;

import dev.banyan.grow.Recipe;
import dev.banyan.weights.SafetensorsFile;
import dev.banyan.weights.WeightFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Where a grown model comes from.
 *
 * @param source the source folder's name
 * @param sourceSha256 over its configuration and the headers of its files
 * @param recipeSha256 of the recipe's text
 * @param guard changes when a file of the source does: a run must not go on with another source
 */
record Lineage(
    String source, String sourceSha256, String recipeSha256, String steps, String guard) {

  static Lineage of(WeightFolder folder, Recipe recipe, String recipeText) {
    var digest = Sha256.digest();
    var guard = new StringBuilder();
    digest.update(folder.config().toJson().getBytes(StandardCharsets.UTF_8));
    try {
      for (SafetensorsFile file : folder.shards()) {
        digest.update(file.header().encoded());
        guard.append(file.path().getFileName()).append(' ').append(Files.size(file.path()));
        guard.append(' ').append(Files.getLastModifiedTime(file.path()).toMillis()).append('\n');
      }
    } catch (IOException e) {
      throw new UncheckedIOException(folder.path() + ": cannot be read", e);
    }
    String steps =
        recipe.steps().stream()
            .map(s -> "%s %s %s to %s".formatted(s.name(), s.method(), s.from(), s.to()))
            .collect(Collectors.joining("; "));
    Path name = folder.path().toAbsolutePath().normalize().getFileName();
    String sourceHash = Sha256.hex(digest.digest());
    String recipeHash = Sha256.of(recipeText);
    return new Lineage(
        name == null ? "" : name.toString(),
        sourceHash,
        recipeHash,
        steps,
        Sha256.of(sourceHash + recipeHash + guard));
  }

  /** What every file of the target says about itself. */
  Map<String, String> metadata() {
    var metadata = new LinkedHashMap<String, String>();
    metadata.put("format", "pt");
    metadata.put("banyan.source", source);
    metadata.put("banyan.source.sha256", sourceSha256);
    metadata.put("banyan.recipe.sha256", recipeSha256);
    metadata.put("banyan.steps", steps);
    return metadata;
  }
}
