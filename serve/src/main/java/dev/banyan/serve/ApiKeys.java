package dev.banyan.serve;

import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Keys of a gateway's clients. The file has a line for each, {@code NAME SHA256 REQUESTS TOKENS},
 * the last two a minute, 0 for no limit, and behind them {@code operator} for one who may drain and
 * scale; lines that begin with {@code #} say nothing. Keys are 256 random bits, so one round of
 * SHA-256 keeps them. A file that was changed is read again at the next request: a key whose line
 * is gone or damaged opens nothing any more, and without a file none does. All methods may be
 * called by any thread.
 */
public final class ApiKeys {
  private static final String OPERATOR = "operator";

  /**
   * A client.
   *
   * @param requests a minute, 0 for any number
   * @param tokens of prompts and answers a minute, 0 for any number
   * @param operator whether it may drain, resume and scale
   */
  public record Client(String name, String hash, long requests, long tokens, boolean operator) {}

  /** A new key, to be given to its client, and the line that admits it. */
  public record Fresh(String key, String line) {}

  private static final class Spent {
    long minute = Long.MIN_VALUE;
    long requests;
    long tokens;
  }

  private record Version(FileTime time, long bytes, String id) {}

  private static final Version GONE = new Version(FileTime.fromMillis(0), -1, "");

  private final Path file;
  private Map<String, Client> clients;
  private Version version;
  private final Map<String, Spent> spent = new HashMap<>();
  private Consumer<String> remarks = remark -> {};

  private ApiKeys(Path file, Version version, Map<String, Client> clients) {
    this.file = file;
    this.version = version;
    this.clients = clients;
  }

  /**
   * Gives a key that can be sent, or nothing where there is none.
   *
   * @param of whose it is, for the message, which does not show it
   * @throws UserInputException when it has a character that no header may have
   */
  public static String sendable(String of, String key) {
    if (!key.chars().allMatch(each -> each > ' ' && each < 0x7f)) {
      throw new UserInputException(
          of + " is no key: one line of printable ASCII characters without spaces is expected");
    }
    return key;
  }

  /**
   * Reads a file of keys.
   *
   * @throws UserInputException when a line is not as it should be, or there is none
   */
  public static ApiKeys read(Path file) {
    try {
      Version version = version(file); // before its lines, so a change in between is seen later
      return new ApiKeys(file, version, clients(file));
    } catch (IOException e) {
      throw new UserInputException(file + " cannot be read: " + e.getMessage(), e);
    }
  }

  private static Version version(Path file) throws IOException {
    var seen = Files.readAttributes(file, BasicFileAttributes.class);
    return new Version(seen.lastModifiedTime(), seen.size(), String.valueOf(seen.fileKey()));
  }

  private static Map<String, Client> clients(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
    Map<String, Client> all = new HashMap<>();
    for (int i = 0; i < lines.size(); i++) {
      client(file, lines.get(i), i + 1).ifPresent(client -> all.put(client.hash(), client));
    }
    if (all.isEmpty()) {
      throw new UserInputException(
          file + " has no key; 'banyan serve key NAME' makes one and prints its line");
    }
    return all;
  }

  /** The client of a line; empty for one that says nothing. */
  private static Optional<Client> client(Path file, String text, int number) {
    String line = text.strip();
    if (line.isEmpty() || line.startsWith("#")) {
      return Optional.empty();
    }
    String[] words = line.split("\\s+");
    try {
      boolean operator = words.length == 5 && words[4].equals(OPERATOR);
      if ((words.length == 4 || operator) && words[1].matches("[0-9a-f]{64}")) {
        long requests = Long.parseLong(words[2]);
        long tokens = Long.parseLong(words[3]);
        var client = new Client(words[0], words[1], requests, tokens, operator);
        if (client.requests() >= 0 && client.tokens() >= 0) {
          return Optional.of(client);
        }
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new UserInputException(
        file
            + ":"
            + number
            + " is not 'NAME SHA256 REQUESTS TOKENS' with 64 lower-case hexadecimal digits, two"
            + " numbers a minute (0: no limit) and perhaps 'operator'");
  }

  /** From now on somebody is told, in a line each, what is wrong with a file that was changed. */
  public synchronized void tell(Consumer<String> whom) {
    remarks = whom;
  }

  /** What of a changed file opens: damaged lines do not, and nothing does without a file. */
  private Map<String, Client> again() {
    Map<String, Client> all = new HashMap<>();
    try {
      List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
      for (int i = 0; i < lines.size(); i++) {
        try {
          client(file, lines.get(i), i + 1).ifPresent(client -> all.put(client.hash(), client));
        } catch (UserInputException e) {
          remarks.accept(e.getMessage() + "; the line opens nothing");
        }
      }
    } catch (IOException e) {
      all.clear();
    }
    if (all.isEmpty()) {
      remarks.accept(file + " has no key; nobody is let in");
    }
    return all;
  }

  /** A new key of a client that only asks, with its line. */
  public static Fresh make(String name, long requests, long tokens) {
    return make(name, requests, tokens, false);
  }

  /** A new key with its line. */
  public static Fresh make(String name, long requests, long tokens, boolean operator) {
    if (name.isBlank() || name.startsWith("#") || name.matches(".*\\s.*")) {
      throw new UserInputException("a key's name is one word");
    }
    byte[] random = new byte[32];
    new SecureRandom().nextBytes(random);
    String key = "sk-" + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
    String line = "%s %s %d %d".formatted(name, hash(key), requests, tokens);
    return new Fresh(key, operator ? line + " " + OPERATOR : line);
  }

  /** Whose key it is, by the file as it is now. */
  public synchronized Optional<Client> client(String key) {
    Version now;
    try {
      now = version(file);
    } catch (IOException e) {
      now = GONE;
    }
    if (!now.equals(version)) {
      version = now;
      clients = again();
    }
    return Optional.ofNullable(clients.get(hash(key)));
  }

  /**
   * Counts a request; false when the client is over a limit in this minute.
   *
   * @param minute any count of minutes that grows
   */
  public synchronized boolean admit(Client client, long minute) {
    Spent now = now(client, minute);
    if ((client.requests() > 0 && now.requests >= client.requests())
        || (client.tokens() > 0 && now.tokens >= client.tokens())) {
      return false;
    }
    now.requests++;
    return true;
  }

  /**
   * Counts tokens a request took.
   *
   * @param minute in which it ended
   */
  public synchronized void spend(Client client, long minute, long tokens) {
    now(client, minute).tokens += tokens;
  }

  private Spent now(Client client, long minute) {
    Spent now = spent.computeIfAbsent(client.hash(), hash -> new Spent());
    if (minute > now.minute) { // a thread that is late counts in the minute that others are in
      now.minute = minute;
      now.requests = 0;
      now.tokens = 0;
    }
    return now;
  }

  private static String hash(String key) {
    try {
      byte[] bytes =
          MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every Java has it
    }
  }
}
