package dev.banyan.serve.http;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A request as it came (RFC 9112). What a proxy before this server could read in another way is
 * refused: two lengths, two hosts, a name with a space behind it, a line that ends without CR LF, a
 * control character.
 */
final class Request {
  private static final Most HEAD = new Most(32 * 1024, 431, "the request's headers are too large");
  private static final Most FRAME = new Most(8192, 400, "a line of the body's frame is too long");
  private static final int HEAD_MILLIS = 10_000;
  private static final int BODY_MILLIS = 30_000;
  private static final byte[] GO_ON =
      "HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final String LENGTH = "Content-Length";
  private static final String CODING = "Transfer-Encoding";
  private static final int DELETE = 0x7f;
  private static final String TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
  private static final Pattern NAME = Pattern.compile(TOKEN);
  private static final Pattern FIRST_LINE =
      Pattern.compile("(" + TOKEN + ") ([^\\x00-\\x20\\x7f]+) (HTTP/1\\.[0-9])");
  private static final Pattern DIGITS = Pattern.compile("[0-9]{1,18}");
  private static final Pattern CHUNK = Pattern.compile("([^ \\t;]*)([ \\t]*;.*)?");
  private static final Pattern HEX_DIGITS = Pattern.compile("[0-9A-Fa-f]{1,15}");

  /** How long lines may be, and how longer ones are refused. */
  private record Most(int chars, int status, String why) {}

  /** Headers that must not come twice. */
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
    String line = line(in, Character.toString(first), HEAD, deadline);
    int chars = line.length();
    Matcher words = FIRST_LINE.matcher(line);
    if (!words.matches()) {
      throw new BadRequestException(400, "this is no HTTP/1.1 request");
    }
    var request = new Request(words.group(1), words.group(2), words.group(3).equals("HTTP/1.0"));
    line = line(in, "", HEAD, deadline);
    while (!line.isEmpty()) {
      chars += line.length();
      if (chars > HEAD.chars) {
        throw new BadRequestException(HEAD.status, HEAD.why);
      }
      request.add(line);
      line = line(in, "", HEAD, deadline);
    }
    if (!request.isOld && !request.headers.containsKey("Host")) {
      throw new BadRequestException(400, "the header Host is missing");
    }
    return request;
  }

  private void add(String line) throws BadRequestException {
    String name = name(line);
    String value = stripped(line.substring(name.length() + 1));
    String before = headers.putIfAbsent(name, value);
    if (before == null) {
      return;
    }
    if (ONCE.contains(name.toLowerCase(Locale.ROOT))) {
      throw new BadRequestException(400, "the header " + name + " came twice");
    }
    headers.put(name, before + ", " + value);
  }

  private static String name(String line) throws BadRequestException {
    String name = line.substring(0, Math.max(0, line.indexOf(':')));
    if (!NAME.matcher(name).matches()) {
      throw new BadRequestException(400, "a header has no name, or one with a space in it");
    }
    return name;
  }

  /** Without blanks around it, and of what is blank elsewhere only those (RFC 9110, 5.6.3). */
  private static String stripped(String text) {
    int begin = 0;
    int end = text.length();
    while (begin < end && isBlank(text.charAt(begin))) {
      begin++;
    }
    while (end > begin && isBlank(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(begin, end);
  }

  private static boolean isBlank(char c) {
    return c == ' ' || c == '\t';
  }

  /** A header's value, values of a name that came twice joined by commas; empty without it. */
  String header(String name) {
    return headers.getOrDefault(name, "");
  }

  /** Whether another request may follow on its connection. */
  boolean keepsOpen() {
    for (String option : header("Connection").split(",")) {
      if (stripped(option).equalsIgnoreCase("close")) {
        return false;
      }
    }
    return !isOld;
  }

  /** Whether it says that a body comes. */
  boolean hasBody() {
    return headers.containsKey(CODING)
        || (headers.containsKey(LENGTH) && !header(LENGTH).equals("0"));
  }

  /**
   * Reads the body.
   *
   * @param most its bytes
   * @param room what its bytes are taken of, as they come
   * @param out where the client is told to go on when it waits for that
   */
  byte[] body(Incoming in, int most, BodyRoom.Share room, Outgoing out) throws IOException {
    long deadline = System.nanoTime() + BODY_MILLIS * 1_000_000L;
    boolean chunked = isChunked();
    int bytes = most;
    if (!chunked) {
      bytes = headers.containsKey(LENGTH) ? size(header(LENGTH), DIGITS, 10, most) : 0;
    }
    if (header("Expect").equalsIgnoreCase("100-continue")) {
      out.write(GO_ON);
    }
    var body = new Body(bytes, room);
    if (chunked) {
      chunks(in, body, deadline);
    } else {
      body.read(in, bytes, deadline);
    }
    return body.whole();
  }

  /** Whether its body comes in chunks; there is no other coding (RFC 9112, section 6.1). */
  private boolean isChunked() throws BadRequestException {
    if (!headers.containsKey(CODING)) {
      return false;
    }
    if (headers.containsKey(LENGTH)) {
      throw new BadRequestException(400, "Content-Length and Transfer-Encoding exclude each other");
    }
    if (isOld) {
      throw new BadRequestException(400, "HTTP/1.0 has no Transfer-Encoding");
    }
    if (header(CODING).isEmpty()) {
      throw new BadRequestException(400, "the header Transfer-Encoding is empty");
    }
    if (!header(CODING).equalsIgnoreCase("chunked")) {
      throw new BadRequestException(501, "of transfer codings only 'chunked' is known");
    }
    return true;
  }

  private static void chunks(Incoming in, Body body, long deadline) throws IOException {
    int size;
    do {
      Matcher chunk = CHUNK.matcher(line(in, "", FRAME, deadline));
      size = size(chunk.matches() ? chunk.group(1) : "", HEX_DIGITS, 16, body.left());
      body.read(in, size, deadline);
      if (size > 0 && (in.read(deadline) != '\r' || in.read(deadline) != '\n')) {
        throw new BadRequestException(400, "a chunk of the body is longer than it says");
      }
    } while (size > 0);
    String trailer = line(in, "", FRAME, deadline);
    while (!trailer.isEmpty()) {
      String unusedName = name(trailer);
      trailer = line(in, "", FRAME, deadline);
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

  /**
   * A line, without its end.
   *
   * @param begun what was read of it already
   */
  private static String line(Incoming in, String begun, Most most, long deadline)
      throws IOException {
    var line = new StringBuilder(begun);
    int c = in.read(deadline);
    while (c != '\r') {
      if ((c < ' ' && c != '\t') || c == DELETE) {
        throw new BadRequestException(
            400, "a line has a control character, or does not end with CR and LF");
      }
      line.append((char) c);
      if (line.length() > most.chars) {
        throw new BadRequestException(most.status, most.why);
      }
      c = in.read(deadline);
    }
    if (in.read(deadline) != '\n') {
      throw new BadRequestException(400, "a line has a CR that no LF follows");
    }
    return line.toString();
  }
}
