package dev.banyan.plan.read.export;

import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * The one model of a {@code .pt2} zip: {@code NAME/models/NAME.json}; weights are not touched. What
 * unpacks to more than {@value #LIMIT_BYTES} bytes is refused, whatever the archive says it is.
 */
final class ExportArchive {
  private static final int LIMIT_BYTES = 1 << 28;
  private static final int LIMIT_ENTRIES = 200_000;

  private ExportArchive() {}

  /**
   * @throws UserInputException when the zip is damaged, or holds no model or several
   */
  static JsonNode model(Path file) throws IOException {
    try (ZipFile zip = new ZipFile(file.toFile())) {
      if (zip.size() > LIMIT_ENTRIES) {
        throw bad(file, "has " + zip.size() + " entries; a .pt2 has fewer");
      }
      List<ZipEntry> models = new ArrayList<>();
      boolean script = false;
      for (var entry : zip.stream().toList()) {
        String name = entry.getName();
        if (name.matches("([^/]*/)?models/[^/]+\\.json")
            || name.equals("serialized_exported_program.json")) {
          models.add(entry);
        }
        script |= name.contains("/code/") || name.endsWith("/data.pkl");
      }
      if (models.isEmpty()) {
        throw bad(
            file,
            script
                ? "is a TorchScript archive or a checkpoint, which holds no shapes;"
                    + " save torch.export.export(model, args) with torch.export.save"
                : "is a zip without models/*.json; torch.export.save writes a .pt2");
      }
      if (models.size() > 1) {
        throw bad(file, "holds " + models.size() + " models; save one to a file");
      }
      return unpacked(file, models.getFirst().getName(), zip.getInputStream(models.getFirst()));
    } catch (ZipException e) {
      throw new UserInputException(
          file + ": is a damaged or cut zip (" + e.getMessage() + "); copy it again", e);
    } catch (IllegalArgumentException e) {
      throw new UserInputException(file + ": is a damaged zip (" + e.getMessage() + ")", e);
    }
  }

  private static JsonNode unpacked(Path file, String name, InputStream in) throws IOException {
    byte[] bytes;
    try (in) {
      bytes = in.readNBytes(LIMIT_BYTES + 1);
    } catch (ZipException | java.io.EOFException e) {
      throw new UserInputException(
          file + ": " + name + " does not unpack (" + e.getMessage() + "); copy it again", e);
    }
    if (bytes.length > LIMIT_BYTES) {
      throw bad(file, name + " unpacks to more than " + LIMIT_BYTES + " bytes: a zip bomb?");
    }
    return json(file.toString(), name, bytes);
  }

  /** The object that is the text of a model. */
  static JsonNode json(String source, String name, byte[] bytes) {
    try {
      JsonNode node = JsonMapper.shared().readTree(bytes);
      if (!node.isObject()) {
        throw new UserInputException(source + ": " + name + " is no JSON object");
      }
      return node;
    } catch (JacksonException e) {
      var place = e.getLocation();
      throw new UserInputException(
          "%s: %s: line %d, column %d: %s"
              .formatted(
                  source,
                  name,
                  place == null ? 0 : place.getLineNr(),
                  place == null ? 0 : place.getColumnNr(),
                  e.getOriginalMessage().lines().findFirst().orElse("no JSON")),
          e);
    }
  }

  private static UserInputException bad(Path file, String what) {
    return new UserInputException(file + ": " + what);
  }
}
