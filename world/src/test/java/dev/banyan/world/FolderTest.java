package dev.banyan.world;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.Json;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class FolderTest {
  private static final World WORLD = World.of(new Seed(16), WorldSize.TINY);

  @TempDir Path folder;

  private static Map<String, String> hashes(Path folder) throws Exception {
    Map<String, String> hashes = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
        hashes.put(file.getFileName().toString(), HexFormat.of().formatHex(digest));
      }
    }
    return hashes;
  }

  @Test
  void threadsDoNotChangeAByte() throws Exception {
    WORLD.write(folder.resolve("one"), 20_700, 30, 1, Progress.none());
    WORLD.write(folder.resolve("four"), 20_700, 30, 4, Progress.none());
    assertThat(hashes(folder.resolve("one")))
        .isEqualTo(hashes(folder.resolve("four")))
        .containsKeys("documents-00000.jsonl", "documents-00001.jsonl", "manifest.json");
  }

  @Test
  void theFolderSaysWhatTheWorldSays() throws Exception {
    Path target = folder.resolve("world");
    Written written = WORLD.write(target, 600, 20, 2, Progress.none());
    List<String> lines = Files.readAllLines(target.resolve("documents-00000.jsonl"));
    assertThat(lines).hasSize(600);
    for (int i = 0; i < lines.size(); i++) {
      JsonNode line = Json.mapper().readTree(lines.get(i));
      Document document = WORLD.document(i);
      assertThat(line.path("text").stringValue()).isEqualTo(document.text());
      assertThat(line.path("domain").stringValue()).isEqualTo(document.domain().label());
      assertThat(line.path("index").longValue()).isEqualTo(i);
    }
    for (String line : Files.readAllLines(target.resolve("skills-test.jsonl"))) {
      JsonNode skill = Json.mapper().readTree(line);
      assertThat(skill.path("messages").path(0).path("content")).isEqualTo(skill.path("question"));
      assertThat(skill.path("messages").path(1).path("role").stringValue()).isEqualTo("assistant");
      assertThat(Checker.of(skill.path("checker")).grade(skill.path("answer").stringValue()))
          .isTrue();
    }
    Map<String, String> hashes = hashes(target);
    JsonNode manifest = Json.mapper().readTree(Files.readString(target.resolve("manifest.json")));
    assertThat(manifest.path("files")).hasSameSizeAs(written.files());
    for (JsonNode file : manifest.path("files")) {
      assertThat(hashes)
          .containsEntry(file.path("name").stringValue(), file.path("sha256").stringValue());
    }
    assertThat(manifest.path("people").size()).isEqualTo(WorldSize.TINY.people());
    assertThat(written.domains().values().stream().mapToLong(Written.Count::documents).sum())
        .isEqualTo(600);
  }

  @Test
  void aWorldIsReplacedAndAnythingElseIsNot() throws IOException {
    Path target = folder.resolve("world");
    WORLD.write(target, 10, 1, 1, Progress.none());
    WORLD.write(target, 20, 1, 1, Progress.none());
    assertThat(Files.readAllLines(target.resolve("documents-00000.jsonl"))).hasSize(20);
    Path other = Files.createDirectory(folder.resolve("letters"));
    Files.writeString(other.resolve("dear.txt"), "mine");
    assertThatThrownBy(() -> WORLD.write(other, 10, 1, 1, Progress.none()))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("letters");
    assertThat(other.resolve("dear.txt")).hasContent("mine");
  }

  @Test
  void aFolderWithAnotherManifestOrAFileOfTheUsersIsNotReplaced() throws IOException {
    Path extension = Files.createDirectory(folder.resolve("extension"));
    Files.writeString(extension.resolve("manifest.json"), "{\"manifest_version\": 3}");
    Path list = Files.createDirectory(folder.resolve("list"));
    Files.writeString(list.resolve("manifest.json"), "[1]");
    Path world = folder.resolve("world");
    WORLD.write(world, 10, 1, 1, Progress.none());
    Files.writeString(world.resolve("notes.txt"), "mine");

    for (Path target : List.of(extension, list)) {
      assertThatThrownBy(() -> WORLD.write(target, 10, 1, 1, Progress.none()))
          .isInstanceOf(UserInputException.class)
          .hasMessageContaining("manifest.json: its format is not banyan-world-1");
      assertThat(target.resolve("documents-00000.jsonl")).doesNotExist();
    }
    assertThatThrownBy(() -> WORLD.write(world, 20, 1, 1, Progress.none()))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("holds 'notes.txt', which no world wrote");
    assertThat(world.resolve("notes.txt")).hasContent("mine");
  }

  @Test
  void countsBelowZeroAreRefused() {
    assertThatThrownBy(() -> WORLD.write(folder.resolve("x"), -1, 1, 1, Progress.none()))
        .isInstanceOf(UserInputException.class)
        .hasMessageContaining("-1");
    assertThat(folder.resolve("x")).doesNotExist();
  }
}
