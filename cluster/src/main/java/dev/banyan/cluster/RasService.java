package dev.banyan.cluster;

import dev.banyan.core.UserInputException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;

/**
 * The RAS service that every process of an NCCL job has: any one of them tells of the whole job.
 * Lines of text over TCP; the answer to a status ends with the connection. JSON since NCCL 2.28.7.
 *
 * @param host of any process of the job
 * @param port as in its {@code NCCL_RAS_ADDR}
 */
public record RasService(String host, int port) {
  /** Where it listens unless told otherwise. */
  public static final int PORT = 28028;

  private static final int PROTOCOL = 2;
  private static final int LONGEST_LINE = 1024;
  private static final int LARGEST = 1 << 30;
  private static final Duration CONNECT = Duration.ofSeconds(5);

  /**
   * {@code HOST}, {@code HOST:PORT} or {@code [ADDRESS]:PORT}.
   *
   * @throws UserInputException when it is none of them
   */
  public static RasService parse(String text) {
    int colon = text.lastIndexOf(':');
    boolean bare = colon < 0 || text.endsWith("]");
    String host = bare ? text : text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    try {
      int port = bare ? PORT : Integer.parseInt(text.substring(colon + 1));
      if (!host.isEmpty() && port >= 1 && port <= 65535) {
        return new RasService(host, port);
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new UserInputException(text + ": expected HOST or HOST:PORT of a process of the job");
  }

  /**
   * Asks for the state of the whole job.
   *
   * @param patience for each answer; a job with lost processes needs their timeouts, 5 to 20 s
   * @return a snapshot as JSON, which {@link Diagnosis} reads from a file
   * @throws IOException when nobody answers, or not as RAS does; the message says what to look at
   */
  public byte[] ask(Duration patience) throws IOException {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(host, port), Math.toIntExact(CONNECT.toMillis()));
      socket.setSoTimeout(Math.toIntExact(patience.toMillis()));
      InputStream in = new BufferedInputStream(socket.getInputStream());
      String version = say(socket, in, "CLIENT PROTOCOL " + PROTOCOL);
      if (!version.toUpperCase(Locale.ROOT).startsWith("SERVER PROTOCOL ")) {
        throw new IOException(
            this + " is no RAS service: it answered '" + version + "', not SERVER PROTOCOL");
      }
      String format = say(socket, in, "SET FORMAT json");
      if (!format.equalsIgnoreCase("OK")) {
        throw new IOException(
            this + " does not speak JSON ('" + format + "'), which NCCL does since 2.28.7");
      }
      tell(socket, "VERBOSE STATUS");
      byte[] status = in.readNBytes(LARGEST);
      if (status.length == 0) {
        throw new IOException(this + " ended the connection without a status");
      }
      return status;
    } catch (SocketTimeoutException e) {
      throw new IOException(this + " did not answer in time", e);
    } catch (java.net.ConnectException | java.net.UnknownHostException e) {
      throw new IOException(
          "nobody listens at "
              + this
              + "; the job's NCCL_RAS_ADDR must say this address, and NCCL_RAS_ENABLE not 0",
          e);
    }
  }

  private static String say(Socket socket, InputStream in, String line) throws IOException {
    tell(socket, line);
    var answer = new StringBuilder();
    for (int next = in.read(); next != '\n' && next >= 0; next = in.read()) {
      if (answer.length() == LONGEST_LINE) {
        break;
      }
      answer.append((char) next);
    }
    return answer.toString().strip();
  }

  private static void tell(Socket socket, String line) throws IOException {
    socket.getOutputStream().write((line + "\n").getBytes(StandardCharsets.US_ASCII));
  }

  @Override
  public String toString() {
    return host + ":" + port;
  }
}
