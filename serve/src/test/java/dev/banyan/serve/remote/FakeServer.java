package dev.banyan.serve.remote;

import dev.banyan.core.Json;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * A server over a real socket with the answers of vLLM 0.11, SGLang 0.5, llama.cpp's server or a
 * plain OpenAI one. Its model is a function of all tokens so far, so an answer that goes on from
 * anything but the exact tokens before shows.
 */
final class FakeServer implements AutoCloseable {
  static final String MODEL = "tiny";
  static final String EMBEDDED =
      "{\"id\":\"embd-fake\",\"data\":[],\"usage\":{\"prompt_tokens\":5,\"total_tokens\":5}}";
  private static final int EOS = 200;
  private static final int HALF = 201;
  private static final int OTHER_HALF = 202;
  private static final int BEGIN = 203;
  private static final int WRONG = 204;
  private static final int LETTERS = 1000;

  final Kind kind;
  final List<ObjectNode> asked = new CopyOnWriteArrayList<>();

  /** Models that conversations were to be written for. */
  final List<String> written = new CopyOnWriteArrayList<>();

  /** Models whose tokens were asked for. */
  final List<String> split = new CopyOnWriteArrayList<>();

  final CompletableFuture<Void> reached = new CompletableFuture<>();
  final CompletableFuture<Void> left = new CompletableFuture<>();

  /** Completed by a test for one that {@link #holdingAfter holds}. */
  final CompletableFuture<Void> released = new CompletableFuture<>();

  final FakeSlots slots = new FakeSlots();
  private final ServerSocket server;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private volatile int dieAfter = -1;
  private volatile int stopAfter = -1;
  private volatile int holdAfter = -1;
  private volatile boolean neverAnswers;
  private volatile int padding;
  private volatile int size;
  private volatile boolean failing;
  private volatile boolean stalled;
  private volatile boolean halting;
  private volatile int refusal;
  private volatile boolean unwritten;
  private volatile boolean anonymous;
  private volatile boolean old;
  private volatile boolean grudging;
  private volatile String metrics = "";
  private volatile String key = "";
  private volatile String model = MODEL;

  FakeServer(Kind kind) throws IOException {
    this(kind, 0);
  }

  FakeServer(Kind kind, int port) throws IOException {
    this.kind = kind;
    this.server = new ServerSocket(port, 64, InetAddress.getLoopbackAddress());
    Thread.ofVirtual().start(this::accept);
  }

  /** It ends, as killed, when so many tokens of a stream were sent. */
  FakeServer dyingAfter(int tokens) {
    dieAfter = tokens;
    return this;
  }

  /** It sends so many tokens of a stream and then nothing, until the client goes. */
  FakeServer stoppingAfter(int tokens) {
    stopAfter = tokens;
    return this;
  }

  /** It waits when so many tokens of a stream were sent, until it is released. */
  FakeServer holdingAfter(int tokens) {
    holdAfter = tokens;
    return this;
  }

  /** As llama.cpp with {@code --slot-save-path}. */
  FakeServer savingTo(Path folder) {
    slots.savingTo(folder);
    return this;
  }

  /** It takes a request and says nothing. */
  FakeServer silent() {
    neverAnswers = true;
    return this;
  }

  /** Whole answers have so many spaces at their end. */
  FakeServer padding(int bytes) {
    padding = bytes;
    return this;
  }

  /** From now on it answers 500 to everything, or works again. */
  void failing(boolean now) {
    failing = now;
  }

  /** From now on it takes questions and says nothing, as if stopped; what streams goes on. */
  void stalled() {
    stalled = true;
  }

  /** Of answers to small questions it sends the head and half of the body. */
  FakeServer halting() {
    halting = true;
    return this;
  }

  /** It fails to write conversations as text. */
  FakeServer unwritten() {
    unwritten = true;
    return this;
  }

  /** It answers completions with this status. */
  FakeServer refusing(int status) {
    refusal = status;
    return this;
  }

  /** Its list of models does not say what it is. */
  FakeServer anonymous() {
    anonymous = true;
    return this;
  }

  /** As vLLM before 0.10.2: no field that asks for token ids is known. */
  FakeServer old() {
    old = true;
    return this;
  }

  /**
   * As llama.cpp where what comes next may begin a tool call: a part of each token is held back.
   */
  FakeServer grudging() {
    grudging = true;
    return this;
  }

  FakeServer saying(String metricsText) {
    metrics = metricsText;
    return this;
  }

  FakeServer serving(String name) {
    model = name;
    return this;
  }

  /** Its model has so many parameters more. */
  FakeServer larger(int by) {
    size = by;
    return this;
  }

  FakeServer wanting(String bearer) {
    key = bearer;
    return this;
  }

  URI url() {
    return URI.create("http://127.0.0.1:" + server.getLocalPort());
  }

  // ---- the model

  static List<Integer> encode(String text) {
    List<Integer> ids = new ArrayList<>();
    int at = 0;
    while (at < text.length()) {
      int end = at + 2;
      while (text.startsWith(" w", at)
          && end < text.length()
          && Character.isDigit(text.charAt(end))) {
        end++;
      }
      if (text.startsWith(" w", at) && end > at + 2) {
        ids.add(Integer.parseInt(text.substring(at + 2, end)));
        at = end;
      } else if (text.charAt(at) == 'é') {
        ids.add(HALF);
        ids.add(OTHER_HALF);
        at++;
      } else if (text.charAt(at) == '\uFFFD') {
        ids.add(WRONG);
        at++;
      } else {
        ids.add(LETTERS + text.charAt(at++));
      }
    }
    return ids;
  }

  static String decode(List<Integer> ids) {
    var text = new StringBuilder();
    for (int i = 0; i < ids.size(); i++) {
      int id = ids.get(i);
      if (id == HALF) {
        text.append(i + 1 < ids.size() ? "" : "\uFFFD");
      } else if (id == OTHER_HALF) {
        text.append('é');
      } else if (id == WRONG) {
        text.append('\uFFFD');
      } else if (id >= LETTERS) {
        text.append((char) (id - LETTERS));
      } else if (id != EOS && id != BEGIN) {
        text.append(" w").append(id);
      }
    }
    return text.toString();
  }

  private static int next(List<Integer> ids) {
    if (ids.getLast() == HALF) {
      return OTHER_HALF;
    }
    long hash = 17;
    for (int each : ids) {
      hash = (hash ^ each) * 0x9e3779b97f4a7c15L;
      hash ^= hash >>> 29;
    }
    int drawn = Math.floorMod(hash, 1000);
    if (drawn >= 150 && drawn < 450 && ids.contains(LETTERS + '?')) {
      return WRONG; // bytes that are no characters
    }
    return drawn < 10 ? EOS : drawn < 150 ? HALF : drawn % 200;
  }

  // ---- HTTP

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket socket = server.accept();
        open.add(socket);
        if (server.isClosed()) {
          socket.close(); // it came while all that were open were closed
          return;
        }
        Thread.ofVirtual().start(() -> serve(socket));
      } catch (IOException e) {
        // closed
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      var in = new BufferedInputStream(socket.getInputStream());
      OutputStream out = socket.getOutputStream();
      while (true) {
        String line = line(in);
        if (line.isEmpty()) {
          return;
        }
        int length = 0;
        String authorization = "";
        for (String each = line(in); !each.isEmpty(); each = line(in)) {
          String lower = each.toLowerCase(java.util.Locale.ROOT);
          if (lower.startsWith("content-length:")) {
            length = Integer.parseInt(each.substring(15).strip());
          } else if (lower.startsWith("authorization:")) {
            authorization = each.substring(14).strip();
          }
        }
        byte[] body = in.readNBytes(length);
        String[] words = line.split(" ");
        if (!key.isEmpty() && !authorization.equals("Bearer " + key)) {
          send(out, 401, "{\"error\":\"Unauthorized\"}");
        } else {
          answer(words[0] + " " + words[1], body, in, out);
        }
      }
    } catch (IOException e) {
      left.complete(null);
    } finally {
      open.remove(socket);
    }
  }

  private static String line(InputStream in) throws IOException {
    var line = new StringBuilder();
    int c = in.read();
    while (c >= 0 && c != '\n') {
      line.append((char) c);
      c = in.read();
    }
    return line.toString().strip();
  }

  private static void send(OutputStream out, int status, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    String head =
        "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            .formatted(status, bytes.length);
    out.write(head.getBytes(StandardCharsets.US_ASCII));
    out.write(bytes);
    out.flush();
  }

  private void answer(String what, byte[] body, InputStream in, OutputStream out)
      throws IOException {
    if (stalled) {
      throw new IOException(in.read() < 0 ? "gone" : "asked more");
    }
    if (halting) {
      out.write(
          "HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{\"data\":["
              .getBytes(StandardCharsets.US_ASCII));
      out.flush();
      throw new IOException(in.read() < 0 ? "gone" : "asked more");
    }
    if (failing) {
      send(out, 500, "{\"error\":\"broken\"}");
      return;
    }
    switch (what) {
      case "GET /v1/models" -> send(out, 200, Json.mapper().writeValueAsString(models()));
      case "GET /metrics" -> send(out, metrics.isEmpty() ? 404 : 200, metrics);
      case "GET /props" ->
          send(out, kind == Kind.LLAMA_CPP ? 200 : 404, "{\"total_slots\":4,\"n_ctx\":4096}");
      case "GET /slots" ->
          send(
              out,
              kind == Kind.LLAMA_CPP ? 200 : 404,
              Json.mapper().writeValueAsString(slots.list()));
      case "POST /tokenize" -> {
        JsonNode text = Json.mapper().readTree(body);
        split.add(text.path("model").asString(""));
        send(
            out,
            kind == Kind.LLAMA_CPP ? 200 : 404,
            Json.mapper().writeValueAsString(tokenized(text)));
      }
      case "POST /detokenize" -> {
        List<Integer> ids = new ArrayList<>();
        Json.mapper().readTree(body).path("tokens").forEach(each -> ids.add(each.asInt()));
        String name = kind == Kind.LLAMA_CPP ? "content" : kind == Kind.SGLANG ? "text" : "prompt";
        send(
            out,
            200,
            Json.mapper().writeValueAsString(Map.of(name, decode(ids))) + " ".repeat(padding));
      }
      case "POST /apply-template" -> {
        JsonNode request = Json.mapper().readTree(body);
        written.add(request.path("model").asString());
        String prompt = conversation(request);
        send(
            out,
            kind == Kind.LLAMA_CPP ? (unwritten ? 500 : 200) : 404,
            Json.mapper().writeValueAsString(Map.of("prompt", prompt)));
      }
      case "POST /v1/embeddings", "POST /v1/rerank", "POST /v1/score" -> {
        asked.add((ObjectNode) Json.mapper().readTree(body));
        if (neverAnswers) {
          hang(in);
        }
        send(out, 200, EMBEDDED);
      }
      case "POST /v1/completions", "POST /v1/chat/completions" -> {
        ObjectNode request = (ObjectNode) Json.mapper().readTree(body);
        asked.add(request);
        if (refusal > 0) {
          send(out, refusal, "{\"error\":{\"message\":\"refused\"}}");
          return;
        }
        complete(request, what.contains("chat"), in, out);
      }
      default -> {
        if (kind == Kind.LLAMA_CPP && what.matches("POST /slots/\\d+[?]action=[a-z]+")) {
          int id = Integer.parseInt(what.replaceAll("\\D+", ""));
          String action = what.substring(what.indexOf('=') + 1);
          FakeSlots.Said said = slots.act(id, action, Json.mapper().readTree(body));
          send(out, said.status(), Json.mapper().writeValueAsString(said.body()));
        } else {
          send(out, 404, "{\"detail\":\"Not Found\"}");
        }
      }
    }
  }

  /** As llama.cpp: {@code add_special} is false, {@code parse_special} true if not said. */
  private Object tokenized(JsonNode asked) {
    boolean begins = asked.path("add_special").asBoolean(false);
    List<Integer> ids = prompts(asked.path("content"), begins).getFirst();
    if (!asked.path("with_pieces").asBoolean(false)) {
      return Map.of("tokens", ids);
    }
    List<Object> pieces = new ArrayList<>();
    for (int each : ids) {
      Object piece =
          each == HALF ? List.of(0xC3) : each == OTHER_HALF ? List.of(0xA9) : decode(List.of(each));
      pieces.add(Map.of("id", each, "piece", piece));
    }
    return Map.of("tokens", pieces);
  }

  private Object models() {
    Map<String, Object> one = new LinkedHashMap<>();
    one.put("id", model);
    one.put("object", "model");
    one.put("created", 1700000000);
    one.put(
        "owned_by",
        switch (anonymous ? Kind.OPENAI : kind) {
          case VLLM -> "vllm";
          case SGLANG -> "sglang";
          case LLAMA_CPP -> "llamacpp";
          case BANYAN -> "banyan";
          case OPENAI -> "someone";
        });
    if (kind == Kind.VLLM || kind == Kind.SGLANG) {
      one.put("max_model_len", 4096);
    }
    if (kind == Kind.LLAMA_CPP) {
      one.put("meta", Map.of("n_params", 1000 + size, "n_ctx_train", 4096));
    }
    return Map.of("object", "list", "data", List.of(one));
  }

  private static String conversation(JsonNode request) {
    var prompt = new StringBuilder();
    for (JsonNode each : request.path("messages")) {
      prompt.append('<').append(each.path("role").asString()).append('>');
      prompt.append(each.path("content").asString());
    }
    return prompt.append("<assistant>").toString();
  }

  private static List<List<Integer>> prompts(JsonNode prompt, boolean begins) {
    List<List<Integer>> all = new ArrayList<>();
    List<Integer> ids = new ArrayList<>();
    if (prompt.isString()) {
      ids.addAll(begins ? List.of(BEGIN) : List.of());
      ids.addAll(encode(prompt.asString()));
      all.add(ids);
    } else if (prompt.isArray() && prompt.get(0).isNumber()) {
      for (JsonNode each : prompt) {
        ids.addAll(each.isNumber() ? List.of(each.asInt()) : encode(each.asString()));
      }
      all.add(ids);
    } else {
      prompt.forEach(each -> all.addAll(prompts(each, begins)));
    }
    return all;
  }

  /** One answer while it is made. */
  private static final class Answer {
    final List<Integer> prompt;
    final List<Integer> ids;
    final int index;
    int toldText;
    int toldIds;
    String finish = "";
    String stopped = "";

    Answer(int index, List<Integer> prompt) {
      this.index = index;
      this.prompt = prompt;
      this.ids = new ArrayList<>(prompt);
    }

    List<Integer> made() {
      return ids.subList(prompt.size(), ids.size());
    }

    int count() {
      return ids.size() - prompt.size();
    }
  }

  private void hang(InputStream in) throws IOException {
    reached.complete(null);
    if (in.read() < 0) {
      left.complete(null);
    }
    throw new IOException("gone");
  }

  private void complete(ObjectNode request, boolean chat, InputStream in, OutputStream out)
      throws IOException {
    if (neverAnswers) {
      hang(in);
    }
    if (kind == Kind.SGLANG
        && chat
        && request.path("stream").asBoolean(false)
        && request.path("return_token_ids").asBoolean(false)) {
      send(out, 400, "{\"message\":\"return_token_ids is not supported with stream\"}");
      return;
    }
    JsonNode prompt =
        chat
            ? Json.mapper().getNodeFactory().stringNode(conversation(request))
            : request.path("prompt");
    List<List<Integer>> prompts = prompts(prompt, kind == Kind.LLAMA_CPP);
    int most = request.path("max_tokens").asInt(chat ? 60 : 16);
    most = request.path("max_completion_tokens").asInt(most);
    most = most < 0 ? 60 : Math.min(most, 60);
    List<Answer> answers = new ArrayList<>();
    int choices = request.path("n").asInt(1);
    for (List<Integer> each : prompts) {
      for (int n = 0; n < choices; n++) {
        answers.add(new Answer(answers.size(), each));
      }
    }
    boolean streams = request.path("stream").asBoolean(false);
    boolean ids =
        (kind == Kind.VLLM || (kind == Kind.SGLANG && !chat))
            && !old
            && request.path("return_token_ids").asBoolean(false);
    var llama = FakeLlama.of(model, chat, old, request);
    boolean ofLlama = kind == Kind.LLAMA_CPP;
    List<String> stops = new ArrayList<>();
    if (request.path("stop").isString()) {
      stops.add(request.path("stop").asString());
    }
    if (streams) {
      out.write(
          String.join(
                  "\r\n",
                  "HTTP/1.1 200 OK",
                  "Content-Type: text/event-stream; charset=utf-8",
                  "Transfer-Encoding: chunked",
                  "",
                  "")
              .getBytes(StandardCharsets.US_ASCII));
      if (chat) {
        for (Answer each : answers) {
          event(out, ofLlama ? llama.role(each.index) : role(each, ids));
        }
      }
    }
    List<FakeSlots.Slot> taken = new ArrayList<>();
    try {
      for (Answer each : answers) {
        if (ofLlama) {
          taken.add(slots.enter(each.prompt));
        }
      }
      int told = 0;
      while (answers.stream().anyMatch(each -> each.finish.isEmpty())) {
        for (Answer each : answers) {
          if (!each.finish.isEmpty()) {
            continue;
          }
          pause(told, in);
          step(each, most, stops);
          told++;
          if (streams && !ofLlama) {
            event(out, part(each, chat, ids, stops));
          } else if (streams) {
            String piece = llamaPiece(each, stops);
            boolean half = each.ids.getLast() == HALF;
            if (!half && (!chat || !piece.isEmpty())) {
              event(out, llama.part(token(each, piece)));
            }
          }
        }
      }
    } finally {
      for (int i = 0; i < taken.size(); i++) {
        slots.exit(taken.get(i), answers.get(i).ids);
      }
    }
    int made = answers.stream().mapToInt(Answer::count).sum();
    Map<String, Object> usage = new LinkedHashMap<>();
    int asked = prompts.stream().mapToInt(List::size).sum();
    usage.put("prompt_tokens", asked);
    usage.put("total_tokens", asked + made);
    usage.put("completion_tokens", made);
    if (!streams) {
      ObjectNode whole = envelope(chat, false);
      ArrayNode list = whole.putArray("choices");
      for (Answer each : answers) {
        ObjectNode one = list.addObject().put("index", each.index);
        String text = text(each, stops);
        if (chat) {
          one.putObject("message").put("role", "assistant").put("content", text);
        } else {
          one.put("text", text);
        }
        one.put("finish_reason", each.finish);
      }
      whole.set("usage", Json.mapper().valueToTree(usage));
      send(out, 200, Json.mapper().writeValueAsString(whole) + " ".repeat(padding));
      return;
    }
    boolean tellsUsage = request.path("stream_options").path("include_usage").asBoolean(false);
    if (ofLlama) {
      for (Answer each : answers) {
        JsonNode counted = Json.mapper().valueToTree(usage);
        for (String last : llama.last(token(each, ""), each.finish, counted, tellsUsage)) {
          event(out, last);
        }
      }
    } else if (tellsUsage) {
      ObjectNode last = envelope(chat, true);
      last.putArray("choices");
      last.set("usage", Json.mapper().valueToTree(usage));
      event(out, Json.mapper().writeValueAsString(last));
    }
    event(out, "[DONE]");
    out.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    out.flush();
  }

  /** What a test has asked for at this place. */
  private void pause(int told, InputStream in) throws IOException {
    if (told == dieAfter) {
      close();
      throw new IOException("killed");
    }
    if (told == holdAfter) {
      reached.complete(null);
      released.join();
    }
    if (told == stopAfter) {
      reached.complete(null);
      if (in.read() < 0) {
        left.complete(null);
      }
      throw new IOException("gone");
    }
  }

  private static FakeLlama.Token token(Answer answer, String piece) {
    int id = answer.ids.getLast();
    return new FakeLlama.Token(answer.index, id, piece, answer.prompt.size(), answer.count());
  }

  private static void step(Answer answer, int most, List<String> stops) {
    int id = next(answer.ids);
    answer.ids.add(id);
    String text = decode(answer.made());
    for (String stop : stops) {
      if (text.contains(stop)) {
        answer.finish = "stop";
        answer.stopped = stop;
      }
    }
    if (answer.finish.isEmpty()) {
      answer.finish = id == EOS ? "stop" : answer.count() >= most ? "length" : "";
    }
  }

  /** Its text that is certain: no half character, nothing that may begin a stop string. */
  private static String text(Answer answer, List<String> stops) {
    String text = decode(answer.made());
    if (!answer.stopped.isEmpty()) {
      return text.substring(0, text.indexOf(answer.stopped));
    }
    if (!answer.finish.isEmpty()) {
      return text;
    }
    if (answer.ids.getLast() == HALF) {
      text = text.substring(0, text.length() - 1);
    }
    int held = stops.stream().mapToInt(each -> each.length() - 1).max().orElse(0);
    return text.substring(0, Math.max(0, text.length() - held));
  }

  private ObjectNode envelope(boolean chat, boolean part) {
    ObjectNode all = Json.mapper().createObjectNode();
    all.put("id", chat ? "chatcmpl-fake" : "cmpl-fake");
    all.put(
        "object", chat ? (part ? "chat.completion.chunk" : "chat.completion") : "text_completion");
    all.put("created", 1700000000);
    all.put("model", model);
    if (kind == Kind.LLAMA_CPP) {
      all.put("system_fingerprint", "b7000-fake");
    }
    return all;
  }

  private String role(Answer answer, boolean ids) {
    ObjectNode all = envelope(true, true);
    ObjectNode choice = all.putArray("choices").addObject().put("index", answer.index);
    ObjectNode delta = choice.putObject("delta").put("role", "assistant");
    delta.put("content", "");
    choice.putNull("logprobs");
    choice.putNull("finish_reason");
    if (kind == Kind.VLLM) {
      list(all, "prompt_token_ids", ids, answer.prompt);
    }
    return Json.mapper().writeValueAsString(all);
  }

  /** Its text since the last part. */
  private static String piece(Answer answer, List<String> stops) {
    String text = text(answer, stops);
    String piece = text.substring(Math.min(answer.toldText, text.length()));
    answer.toldText = Math.max(answer.toldText, text.length());
    return piece;
  }

  /** The same of llama.cpp, which holds all of it back while its end may begin a stop string. */
  private String llamaPiece(Answer answer, List<String> stops) {
    String text = text(answer, answer.finish.isEmpty() ? List.of() : stops);
    if (grudging && answer.finish.isEmpty()) {
      text = text.substring(0, Math.max(answer.toldText, text.length() - 1));
    }
    String piece = text.substring(Math.min(answer.toldText, text.length()));
    for (String stop : stops) {
      for (int size = 1; size < stop.length() && answer.finish.isEmpty(); size++) {
        if (piece.endsWith(stop.substring(0, size))) {
          return "";
        }
      }
    }
    answer.toldText = Math.max(answer.toldText, text.length());
    return piece;
  }

  private String part(Answer answer, boolean chat, boolean ids, List<String> stops) {
    String piece = piece(answer, stops);
    ObjectNode all = envelope(chat, true);
    ObjectNode choice = all.putArray("choices").addObject().put("index", answer.index);
    if (chat) {
      choice.putObject("delta").put("content", piece);
    } else {
      choice.put("text", piece);
    }
    choice.putNull("logprobs");
    if (answer.finish.isEmpty()) {
      choice.putNull("finish_reason");
    } else {
      choice.put("finish_reason", answer.finish);
    }
    boolean first = answer.toldIds == 0;
    List<Integer> made = answer.made();
    List<Integer> fresh = made.subList(answer.toldIds, made.size());
    answer.toldIds = made.size();
    if (kind == Kind.VLLM) {
      choice.putNull("stop_reason");
      if (!old) {
        if (!chat) {
          list(choice, "prompt_token_ids", ids && first, answer.prompt);
        }
        list(choice, "token_ids", ids, fresh);
      }
    } else if (kind == Kind.SGLANG) {
      choice.putNull("matched_stop");
      if (!chat) {
        list(choice, "token_ids", ids, fresh);
        list(choice, "prompt_token_ids", ids && first, answer.prompt);
      }
      all.putNull("usage");
    }
    return Json.mapper().writeValueAsString(all);
  }

  private static void list(ObjectNode at, String name, boolean told, List<Integer> ids) {
    if (told) {
      ArrayNode list = at.putArray(name);
      ids.forEach(list::add);
    } else {
      at.putNull(name);
    }
  }

  private static void event(OutputStream out, String data) throws IOException {
    byte[] bytes = ("data: " + data + "\n\n").getBytes(StandardCharsets.UTF_8);
    out.write((Integer.toHexString(bytes.length) + "\r\n").getBytes(StandardCharsets.US_ASCII));
    out.write(bytes);
    out.write("\r\n".getBytes(StandardCharsets.US_ASCII));
    out.flush();
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket each : open) {
      each.close();
    }
  }
}
