package dev.banyan.serve.http;

import dev.banyan.serve.http.HttpServer.BadRequestException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * A request as it came (RFC 9112). What a proxy before this server could read in another way is
 * refused: two lengths, two hosts, a name with a space behind it.
 */
final class Request {
  private static final String HEAD_END = "\r\n\r\n";
  private static final int MOST_HEAD_BYTES = 32 * 1024;
  private static final int MOST_LINE = 8192;
  private static final int HEAD_MILLIS = 10_000;
  private static final int BODY_MILLIS = 30_000;
  private static final byte[] GO_ON =
      "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final Pattern NAME = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");
  private static final Pattern DIGITS = Pattern.compile("[0-9]{1,18}");
  private static final Pattern HEX_DIGITS = Pattern.compile("[0-9A-Fa-f]{1,15}");

  /** Headers that mean something else when they come twice. */
  private static final Set<String> ONCE =
      Set.of("content-length", "host", "transfer-encoding", "authorization");

  private final Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
  final String method;
  final String target;

  /** HTTP/1.0, which knows neither chunks nor connections that stay open. */
  final boolean isOld;

  private Request(String method, String target, boolean isOld) {
    this.method = method;
    this.target = target;
    this.isOld = isOld;
  }

  /**
   * Reads the head.
   *
   * @param first the byte it begins with
   * @throws BadRequestException when it is none, with the status to answer
   * @throws java.net.SocketTimeoutException when it comes too slowly
   */
  static Request head(Incoming in, int first) throws IOException {
    long deadline = System.nanoTime() + HEAD_MILLIS * 1_000_000L;
    var head = new StringBuilder();
    int matched = 0;
    for (int c = first; ; c = in.read(deadline)) {
      head.append((char) c);
      matched = c == HEAD_END.charAt(matched) ? matched + 1 : c == '\r' ? 1 : 0;
      if (matched == HEAD_END.length()) {
        break;
      }
      if (head.length() > MOST_HEAD_BYTES) {
        throw new BadRequestException(431, "the request's headers are too large");
      }
    }
    String[] lines = head.toString().split("\r\n");
    String[] words = lines[0].strip().split(" ");
    if (words.length != 3 || !words[2].matches("HTTP/1\\.[0-9]")) {
      throw new BadRequestException(400, "this is no HTTP/1.1 request");
    }
    var request = new Request(words[0], words[1], words[2].equals("HTTP/1.0"));
    for (String line : Arrays.asList(lines).subList(1, lines.length)) {
      request.add(line);
    }
    if (!request.isOld && !request.headers.containsKey("Host")) {
      throw new BadRequestException(400, "the header Host is missing");
    }
    return request;
  }

  private void add(String line) throws BadRequestException {
    int colon = line.indexOf(':');
    String name = line.substring(0, Math.max(0, colon));
    if (!NAME.matcher(name).matches()) {
      throw new BadRequestException(400, "a header has no name, or one with a space in it");
    }
    String value = line.substring(colon + 1).strip();
    String before = headers.putIfAbsent(name, value);
    if (before == null) {
      return;
    }
    if (!ONCE.contains(name.toLowerCase(Locale.ROOT))) {
      headers.put(name, before + ", " + value);
    } else if (!before.equals(value)) {
      throw new BadRequestException(400, "the header " + name + " came twice");
    }
  }

  /** A header's value, values of a name that came twice joined by commas; empty without it. */
  String header(String name) {
    return headers.getOrDefault(name, "");
  }

  /** Whether another request may follow on its connection. */
  boolean keepsOpen() {
    for (String option : header("Connection").split(",")) {
      if (option.strip().equalsIgnoreCase("close")) {
        return false;
      }
    }
    return !isOld;
  }

  /**
   * Reads the body.
   *
   * @param most its bytes
   * @param room what its bytes are taken of, as they come
   * @param out where the client is told to go on when it waits for that
   */
  byte[] body(Incoming in, int most, BodyRoom.Share room, OutputStream out) throws IOException {
    long deadline = System.nanoTime() + BODY_MILLIS * 1_000_000L;
    String length = header("Content-Length");
    String coding = header("Transfer-Encoding");
    if (!coding.isEmpty() && !length.isEmpty()) {
      throw new BadRequestException(400, "Content-Length and Transfer-Encoding exclude each other");
    }
    if (!coding.isEmpty() && !coding.equalsIgnoreCase("chunked")) {
      throw new BadRequestException(501, "of transfer codings only 'chunked' is known");
    }
    int bytes = length.isEmpty() ? 0 : size(length, DIGITS, 10, most);
    if (header("Expect").equalsIgnoreCase("100-continue")) {
      out.write(GO_ON);
      out.flush();
    }
    if (coding.isEmpty()) {
      return in.read(bytes, room, deadline);
    }
    var all = new ByteArrayOutputStream();
    while (true) {
      String chunk = line(in, deadline).split(";", 2)[0].strip();
      int size = size(chunk, HEX_DIGITS, 16, most - all.size());
      all.write(in.read(size, room, deadline));
      String end = line(in, deadline);
      if (size > 0 && !end.isEmpty()) {
        throw new BadRequestException(400, "a chunk of the body is longer than it says");
      }
      if (size == 0) {
        while (!end.isEmpty()) {
          end = line(in, deadline);
        }
        return all.toByteArray();
      }
    }
  }

  private static int size(String text, Pattern digits, int radix, int most)
      throws BadRequestException {
    if (!digits.matcher(text).matches()) {
      throw new BadRequestException(400, "the length of the body is no number");
    }
    long size = Long.parseLong(text, radix);
    if (size > most) {
      throw new BadRequestException(413, "the body is too large");
    }
    return (int) size;
  }

  private static String line(Incoming in, long deadline) throws IOException {
    var line = new StringBuilder();
    int c = in.read(deadline);
    while (c != '\n') {
      line.append((char) c);
      if (line.length() > MOST_LINE) {
        throw new BadRequestException(400, "a line of the body's frame is too long");
      }
      c = in.read(deadline);
    }
    return line.toString().strip();
  }
}
