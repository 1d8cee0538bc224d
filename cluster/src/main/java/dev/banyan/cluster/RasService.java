package dev.banyan.cluster;

import dev.banyan.cluster.read.BrokenInput;
import dev.banyan.cluster.read.Ras;
import dev.banyan.core.UserInputException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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

  private static final Pattern ADDRESS =
      Pattern.compile("(\\[(?<ipv6>[^\\]]+)]|(?<name>[^:\\[\\]]+))(:(?<port>\\d{1,6}))?");
  private static final int PROTOCOL = 2;
  private static final int LONGEST_LINE = 1024;
  private static final int QUOTED = 80;
  private static final int LARGEST = 64 << 20;
  private static final Duration CONNECT = Duration.ofSeconds(5);

  /**
   * {@code HOST}, {@code HOST:PORT} or {@code [ADDRESS]:PORT}.
   *
   * @throws UserInputException when it is none of them
   */
  public static RasService parse(String text) {
    Matcher parts = ADDRESS.matcher(text);
    if (parts.matches()) {
      String host = parts.group("ipv6") == null ? parts.group("name") : parts.group("ipv6");
      int port = parts.group("port") == null ? PORT : Integer.parseInt(parts.group("port"));
      if (port >= 1 && port <= 65535) {
        return new RasService(host, port);
      }
    }
    throw new UserInputException(
        text + ": expected HOST, HOST:PORT or [ADDRESS]:PORT of a process of the job");
  }

  /**
   * Asks for the state of the whole job.
   *
   * @param patience for all of it; a job with lost processes needs their timeouts, 5 to 20 s
   * @return a snapshot as JSON, which {@link Diagnosis} reads from a file
   * @throws IOException when nobody answers, or not as RAS does; the message says what to look at
   */
  public byte[] ask(Duration patience) throws IOException {
    try (var socket = new Socket()) {
      socket.connect(new InetSocketAddress(host, port), Math.toIntExact(CONNECT.toMillis()));
      byte[] status = new Talk(socket, System.nanoTime() + patience.toNanos()).status();
      Ras.read(status, toString());
      return status;
    } catch (SocketTimeoutException e) {
      throw new IOException(this + " did not answer in time", e);
    } catch (ConnectException | UnknownHostException e) {
      throw new IOException(
          "nobody listens at "
              + this
              + "; the job's NCCL_RAS_ADDR must say this address, and NCCL_RAS_ENABLE not 0",
          e);
    } catch (BrokenInput e) {
      throw new IOException(
          this + " answered what is no RAS status, at byte " + e.offset() + ": " + e.reason(), e);
    } catch (IOException e) {
      String why = String.valueOf(e.getMessage());
      throw why.startsWith(toString()) ? e : new IOException(this + ": " + why, e);
    }
  }

  private final class Talk {
    private final Socket socket;
    private final long until;

    Talk(Socket socket, long until) {
      this.socket = socket;
      this.until = until;
    }

    byte[] status() throws IOException {
      String version = say("CLIENT PROTOCOL " + PROTOCOL);
      if (!version.toUpperCase(Locale.ROOT).startsWith("SERVER PROTOCOL ")) {
        throw new IOException(
            RasService.this + " is no RAS service: it answered '" + quoted(version) + "'");
      }
      String format = say("SET FORMAT json");
      if (!format.equalsIgnoreCase("OK")) {
        throw new IOException(
            RasService.this
                + " does not speak JSON ('"
                + quoted(format)
                + "'), which NCCL does since 2.28.7");
      }
      tell("VERBOSE STATUS");
      var whole = new ByteArrayOutputStream();
      byte[] part = new byte[1 << 16];
      for (int read = read(part); read >= 0; read = read(part)) {
        whole.write(part, 0, read);
        if (whole.size() > LARGEST) {
          throw new IOException(RasService.this + " answered more than 64 MiB, which is no status");
        }
      }
      if (whole.size() == 0) {
        throw new IOException(RasService.this + " ended the connection without a status");
      }
      return whole.toByteArray();
    }

    private String say(String line) throws IOException {
      tell(line);
      var answer = new StringBuilder();
      byte[] next = new byte[1];
      while (answer.length() < LONGEST_LINE && read(next) > 0 && next[0] != '\n') {
        answer.append((char) (next[0] & 0xff));
      }
      return answer.toString().strip();
    }

    private void tell(String line) throws IOException {
      socket.getOutputStream().write((line + "\n").getBytes(StandardCharsets.US_ASCII));
    }

    private int read(byte[] into) throws IOException {
      long left = (until - System.nanoTime()) / 1_000_000;
      if (left <= 0) {
        throw new SocketTimeoutException();
      }
      socket.setSoTimeout((int) Math.min(left, Integer.MAX_VALUE));
      return socket.getInputStream().read(into);
    }
  }

  private static String quoted(String text) {
    return text.length() <= QUOTED ? text : text.substring(0, QUOTED) + "…";
  }

  @Override
  public String toString() {
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + port;
  }
}
