package dev.banyan.train;

import dev.banyan.core.Json;
import dev.banyan.core.Seed;
import dev.banyan.core.Settings;
import dev.banyan.model.BpeTrainer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** A tokenizer, data and settings so small that a step takes milliseconds. Immutable. */
public record TinyRun(Path folder, Map<String, Object> keys) {
  private static final List<String> THINGS = List.of("cat", "dog", "tree", "river", "stone");
  private static final List<String> COLOURS = List.of("red", "blue", "green", "old");

  public TinyRun {
    keys = Map.copyOf(keys);
  }

  /** Of documents of one to six sentences. */
  public static TinyRun texts(Path folder) {
    RandomGenerator random = new Seed(1).stream("texts");
    List<String> texts = new ArrayList<>();
    for (int i = 0; i < 80; i++) {
      var text = new StringBuilder();
      for (int sentence = 1 + random.nextInt(6); sentence > 0; sentence--) {
        text.append("The ").append(pick(COLOURS, random)).append(' ').append(pick(THINGS, random));
        text.append(" sees the ").append(pick(COLOURS, random)).append(' ');
        text.append(pick(THINGS, random)).append(' ').append(random.nextInt(100)).append(" times.");
        text.append(sentence > 1 ? " " : "");
      }
      texts.add(text.toString());
    }
    return ofTexts(folder, texts);
  }

  /** Of these documents. */
  public static TinyRun ofTexts(Path folder, List<String> texts) {
    return of(folder, texts, texts.stream().map(text -> Map.of("text", text)).toList());
  }

  /** Of short questions and answers. */
  public static TinyRun chats(Path folder) {
    RandomGenerator random = new Seed(2).stream("chats");
    List<String> texts = new ArrayList<>();
    List<Map<String, String>> lines = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      String thing = pick(THINGS, random);
      String colour = pick(COLOURS, random);
      String question = "Is the " + thing + " " + colour + " or " + random.nextInt(10) + "?";
      String answer = "The " + thing + " is " + colour + ".";
      lines.add(Map.of("prompt", question, "completion", answer));
      texts.add(question + " " + answer);
    }
    return of(folder, texts, lines);
  }

  private static TinyRun of(Path folder, List<String> texts, List<Map<String, String>> lines) {
    BpeTrainer.train(texts.iterator(), BpeTrainer.Options.of(300, ChatFormat.SPECIAL_TOKENS))
        .write(folder.resolve("tokenizer"), ChatFormat.ROLES);
    Path data = folder.resolve("data.jsonl");
    try {
      Files.write(data, lines.stream().map(Json.mapper()::writeValueAsString).toList());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    Map<String, Object> keys = new LinkedHashMap<>();
    keys.put("data", data.toString());
    keys.put("tokenizer", folder.resolve("tokenizer").toString());
    keys.put("out", folder.resolve("run").toString());
    keys.put("hidden", 32);
    keys.put("layers", 2);
    keys.put("heads", 4);
    keys.put("kv-heads", 2);
    keys.put("ffn", 48);
    keys.put("length", 48);
    keys.put("rows", 4);
    keys.put("steps", 20);
    keys.put("shards", 1);
    keys.put("threads", 1);
    keys.put("learning-rate", 0.01);
    keys.put("checkpoint-every", 4);
    return new TinyRun(folder, keys);
  }

  /** The same run but for one setting. */
  public TinyRun with(String key, Object value) {
    var changed = new LinkedHashMap<>(keys);
    changed.put(key, value);
    return new TinyRun(folder, changed);
  }

  /** The same run in another folder. */
  public TinyRun into(String name) {
    return with("out", folder.resolve(name).toString());
  }

  public Path out() {
    return config().out();
  }

  public TrainConfig config() {
    return TrainConfig.of(Settings.of(TrainConfig.SETTINGS).with(keys, "test"));
  }

  /** The settings as a file, for a process of its own. */
  public Path yaml() {
    Path file = folder.resolve(out().getFileName() + ".yaml");
    try {
      // JSON is YAML
      Files.writeString(file, Json.mapper().writeValueAsString(keys));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return file;
  }

  private static String pick(List<String> words, RandomGenerator random) {
    return words.get(random.nextInt(words.size()));
  }
}
