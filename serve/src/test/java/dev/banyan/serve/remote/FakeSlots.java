package dev.banyan.serve.remote;

import dev.banyan.core.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import tools.jackson.databind.JsonNode;

/**
 * Slots of a llama.cpp server: tokens whose keys and values are kept, taken again by the longest
 * common prefix, saved to files of a folder and read from there.
 */
final class FakeSlots {
  private static final double LEAST_SIMILAR = 0.1;

  /** Of each prompt, the tokens no slot held. */
  final List<Integer> computed = new CopyOnWriteArrayList<>();

  /** What was done with slots: {@code "save 0 200"}. */
  final List<String> acts = new CopyOnWriteArrayList<>();

  private final List<Slot> slots = new ArrayList<>();
  private Optional<Path> folder = Optional.empty();
  private String refused = "";
  private String broken = "";
  private boolean busy;
  private boolean forgets;

  FakeSlots() {
    for (int i = 0; i < 4; i++) {
      slots.add(new Slot(i));
    }
  }

  /** One of them. */
  static final class Slot {
    final int id;
    private List<Integer> tokens = List.of();
    private boolean processing;

    Slot(int id) {
      this.id = id;
    }
  }

  synchronized void savingTo(Path path) {
    folder = Optional.of(path);
  }

  /** Answers 400 to an action. */
  synchronized void refusing(String action) {
    refused = action;
  }

  /** Breaks the connection at an action. */
  synchronized void breakingOff(String action) {
    broken = action;
  }

  /** Says that all are at work. */
  synchronized void seemingBusy() {
    busy = true;
  }

  /** What ends is not kept: another took its place at once. */
  synchronized void forgetting() {
    forgets = true;
  }

  /** The idle slot that holds most of a prompt; waits for one. */
  synchronized Slot enter(List<Integer> prompt) throws IOException {
    await(() -> slots.stream().anyMatch(each -> !each.processing));
    Slot best = null;
    int most = 0;
    for (Slot each : slots) {
      int common = each.processing ? -1 : common(each.tokens, prompt);
      if (best == null ? common >= 0 : common > Math.max(most, prompt.size() * LEAST_SIMILAR)) {
        best = each;
        most = common;
      }
    }
    Slot chosen = java.util.Objects.requireNonNull(best);
    chosen.processing = true;
    computed.add(Math.max(1, prompt.size() - most));
    return chosen;
  }

  private static int common(List<Integer> one, List<Integer> other) {
    int common = 0;
    while (common < Math.min(one.size(), other.size())
        && one.get(common).equals(other.get(common))) {
      common++;
    }
    return common;
  }

  /** The answer ended, or its client went: what was sampled last has no keys yet. */
  synchronized void exit(Slot slot, List<Integer> all) {
    slot.tokens = forgets ? List.of() : List.copyOf(all.subList(0, Math.max(0, all.size() - 1)));
    slot.processing = false;
    notifyAll();
  }

  private synchronized void await(BooleanSupplier holds) throws IOException {
    try {
      while (!holds.getAsBoolean()) {
        wait();
      }
    } catch (InterruptedException e) {
      throw new IOException(e);
    }
  }

  synchronized Object list() {
    List<Object> all = new ArrayList<>();
    for (Slot each : slots) {
      Map<String, Object> one = new LinkedHashMap<>();
      one.put("id", each.id);
      one.put("n_ctx", 4096);
      one.put("speculative", false);
      one.put("is_processing", busy || each.processing);
      if (!each.tokens.isEmpty()) {
        one.put("n_prompt_tokens", each.tokens.size());
      }
      all.add(one);
    }
    return all;
  }

  /** What a server says, and with which status. */
  record Said(int status, Object body) {}

  synchronized Said act(int id, String action, JsonNode body) throws IOException {
    Said said = done(id, action, body.path("filename").asString(""));
    acts.add("%s %d %d".formatted(action, id, said.status()));
    return said;
  }

  private Said done(int id, String action, String name) throws IOException {
    if (action.equals(broken)) {
      throw new IOException("broken off");
    }
    if (folder.isEmpty()) {
      return new Said(501, Map.of("error", "This server does not support slots action."));
    }
    if (id < 0 || id >= slots.size() || refused.equals(action)) {
      return new Said(400, Map.of("error", "Invalid slot ID"));
    }
    Slot slot = slots.get(id);
    await(() -> !slot.processing);
    Path file = folder.get().resolve(name);
    return switch (action) {
      case "save" -> {
        byte[] bytes = Json.mapper().writeValueAsBytes(slot.tokens);
        Files.write(file, bytes);
        int tokens = slot.tokens.size();
        yield new Said(200, Map.of("id_slot", id, "n_saved", tokens, "n_written", bytes.length));
      }
      case "restore" -> {
        if (!Files.exists(file)) {
          slot.tokens = List.of();
          yield new Said(400, Map.of("error", "Unable to restore slot"));
        }
        List<Integer> tokens = new ArrayList<>();
        Json.mapper().readTree(Files.readAllBytes(file)).forEach(each -> tokens.add(each.asInt()));
        slot.tokens = tokens;
        yield new Said(200, Map.of("id_slot", id, "n_restored", tokens.size()));
      }
      case "erase" -> {
        slot.tokens = List.of();
        yield new Said(200, Map.of("id_slot", id));
      }
      default -> new Said(400, Map.of("error", "Invalid action"));
    };
  }
}
