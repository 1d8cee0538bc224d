package dev.banyan.serve.remote;

import dev.banyan.core.Json;
import java.io.IOException;
import java.net.ConnectException;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import tools.jackson.databind.JsonNode;

/**
 * Keys and values of an answer on their way from one llama.cpp server to another, as stop-and-copy:
 * the slot it ran in is saved to a file and read into an idle slot of the other, where both were
 * started with the same folder as {@code --slot-save-path}. All of this may fail, and costs no more
 * than computing the prompt anew: the other is asked with exact ids either way, and compares them
 * with those that its slot holds.
 *
 * <p>Files have a few names that are used again, since llama.cpp deletes none; after a move the
 * slot at the source is emptied and saved once more under the same name, which leaves some bytes. A
 * name is never used again after a question that was not answered: the server may still be at it,
 * and a file that is written while it is read would give wrong keys.
 */
final class LlamaSlots {
  /** Files there may be at a time; beyond that an answer is computed anew. */
  private static final int FILES = 8;

  /**
   * Tokens by which a slot may be ahead of what its stream told, when that is closed: those on
   * their way, and those computed until the server notices.
   */
  private static final int AHEAD = 64;

  private static final int LOOKS = 25;
  private static final int PAUSE_MILLIS = 20;

  private final BackendHttp line;
  private final Queue<String> files = new ConcurrentLinkedQueue<>();
  private final Set<Place> taken = ConcurrentHashMap.newKeySet();
  private final AtomicLong moves = new AtomicLong();

  /**
   * @param name begins the names of its files, and no other gateway's
   */
  LlamaSlots(BackendHttp line, String name) {
    this.line = line;
    for (int i = 0; i < FILES; i++) {
      files.add("banyan-%s-%d".formatted(name.replaceAll("[^A-Za-z0-9-]", "-"), i));
    }
  }

  private record Place(Backend backend, int slot) {}

  /** A slot that was filled for somebody, and is not filled for another meanwhile. */
  final class Filled implements AutoCloseable {
    private final Place place;

    private Filled(Place place) {
      this.place = place;
    }

    @Override
    public void close() {
      taken.remove(place);
    }
  }

  /** Answers whose keys and values went with them. */
  long moves() {
    return moves.get();
  }

  /**
   * Moves a slot; empty when that did not work.
   *
   * @param from where the stream of the answer was closed
   * @param tokens of prompt and answer, as the stream told
   */
  Optional<Filled> move(Backend from, Backend to, int tokens) {
    if (!from.kind.savesSlots() || !to.kind.savesSlots()) {
      return Optional.empty();
    }
    String file = files.poll();
    if (file == null) {
      return Optional.empty();
    }
    Optional<Place> source = Optional.empty();
    Optional<Place> place = Optional.empty();
    try {
      source = isSameModel(from, to) ? left(from, tokens) : source;
      place = source.isPresent() ? idle(to) : place;
    } catch (IOException e) {
      // one of them does not answer: it is not tried
    }
    boolean moved = false;
    if (place.isPresent()) {
      moved = isCopied(source.orElseThrow(), place.get(), file, tokens);
    } else {
      source.ifPresent(taken::remove);
      files.add(file);
    }
    if (!moved) {
      place.ifPresent(taken::remove);
      return Optional.empty();
    }
    moves.incrementAndGet();
    return place.map(Filled::new);
  }

  /** Whether it came over; what is left at the source is seen to in the background. */
  private boolean isCopied(Place source, Place place, String file, int tokens) {
    boolean same = false;
    Optional<JsonNode> saved = Optional.empty();
    try {
      saved = act(source, "save", file);
      if (saved.isPresent()) {
        Optional<JsonNode> restored = act(place, "restore", file);
        int read = restored.map(each -> each.path("n_restored").asInt(0)).orElse(0);
        same = read > 0 && read == saved.get().path("n_saved").asInt(0);
        if (restored.isPresent() && !same) {
          // another file of this name: the folders are not the same
          Optional<JsonNode> unused = act(place, "erase", file);
        }
      }
    } catch (ConnectException e) {
      // it was not asked
    } catch (IOException e) {
      taken.remove(source);
      return false; // the name is not used again
    }
    boolean written = saved.isPresent();
    Thread.ofVirtual().name("slot-file").start(() -> leave(source, file, tokens, written));
    return same;
  }

  /**
   * Puts a name back, with a file of some bytes. The slot that is emptied for that is one of a
   * backend that is drained, and is left as it is when somebody else has used it meanwhile.
   */
  private void leave(Place source, String file, int tokens, boolean written) {
    try {
      if (written && isStill(source, tokens) && act(source, "erase", file).isPresent()) {
        Optional<JsonNode> unused = act(source, "save", file);
      }
      files.add(file);
    } catch (IOException e) {
      // the name is not used again
    } finally {
      taken.remove(source);
    }
  }

  private boolean isStill(Place place, int tokens) throws IOException {
    for (JsonNode each : slots(place.backend())) {
      if (each.path("id").asInt(-1) == place.slot()) {
        return fits(each, tokens) && !each.path("is_processing").asBoolean(true);
      }
    }
    return false;
  }

  /** Whether keys of one are those the other would have computed, as far as they tell. */
  private boolean isSameModel(Backend from, Backend to) throws IOException {
    JsonNode there = BackendHttp.json(line.get(from.url, "/v1/models")).path("data").path(0);
    JsonNode here = BackendHttp.json(line.get(to.url, "/v1/models")).path("data").path(0);
    boolean same = there.has("id") && there.path("id").equals(here.path("id"));
    for (String each : List.of("n_vocab", "n_embd", "n_params", "size", "ftype")) {
      same &= there.path("meta").path(each).equals(here.path("meta").path(each));
    }
    return same;
  }

  /**
   * The slot an answer ran in, once it is idle. Its stream does not tell which that was ({@code
   * id_slot} is -1 in every part but the last), so it is known by its number of tokens: of those
   * that fit, the one that is least ahead. A wrong one costs the time of moving it.
   */
  private Optional<Place> left(Backend backend, int tokens) throws IOException {
    for (int look = 0; look < LOOKS; look++) {
      boolean busy = false;
      List<JsonNode> fitting = new ArrayList<>();
      for (JsonNode each : slots(backend)) {
        boolean processing = each.path("is_processing").asBoolean(true);
        if (fits(each, tokens)) {
          busy |= processing;
          fitting.addAll(processing ? List.of() : List.of(each));
        }
      }
      fitting.sort(Comparator.comparingInt(each -> each.path("n_prompt_tokens").asInt(0)));
      for (JsonNode each : fitting) {
        var place = new Place(backend, each.path("id").asInt(-1));
        if (taken.add(place)) {
          return Optional.of(place);
        }
      }
      if (!busy) {
        return Optional.empty();
      }
      pause();
    }
    return Optional.empty();
  }

  private static boolean fits(JsonNode slot, int tokens) {
    int ahead = slot.path("n_prompt_tokens").asInt(0) - tokens;
    return ahead >= -1 && ahead <= AHEAD; // what was sampled last has no keys yet
  }

  /** The idle slot that holds least. */
  private Optional<Place> idle(Backend backend) throws IOException {
    List<JsonNode> idle = new ArrayList<>();
    for (JsonNode each : slots(backend)) {
      if (!each.path("is_processing").asBoolean(true)) {
        idle.add(each);
      }
    }
    idle.sort(Comparator.comparingInt(each -> each.path("n_prompt_tokens").asInt(0)));
    for (JsonNode each : idle) {
      var place = new Place(backend, each.path("id").asInt(-1));
      if (taken.add(place)) {
        return Optional.of(place);
      }
    }
    return Optional.empty();
  }

  private JsonNode slots(Backend backend) throws IOException {
    HttpResponse<String> answer = line.get(backend.url, "/slots");
    return answer.statusCode() == 200 ? BackendHttp.json(answer) : Json.mapper().createArrayNode();
  }

  private Optional<JsonNode> act(Place place, String action, String file) throws IOException {
    String path = "/slots/%d?action=%s".formatted(place.slot(), action);
    byte[] body = Json.mapper().writeValueAsBytes(Map.of("filename", file));
    HttpResponse<String> answer = line.post(place.backend().url, path, body);
    return answer.statusCode() == 200 ? Optional.of(BackendHttp.json(answer)) : Optional.empty();
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
