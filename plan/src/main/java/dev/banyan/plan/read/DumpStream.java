package dev.banyan.plan.read;

import dev.banyan.core.UserInputException;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * The bytes of a JSON file that may be gzip, with a limit on what they unpack to. What is wrong
 * with the packing is said with the byte it was met at.
 */
final class DumpStream extends FilterInputStream {
  private final String source;
  private final long limitBytes;
  private long read;

  private DumpStream(String source, InputStream in, long limitBytes) {
    super(in);
    this.source = source;
    this.limitBytes = limitBytes;
  }

  static DumpStream open(String source, InputStream file, long limitBytes) throws IOException {
    InputStream bytes = new BufferedInputStream(file, 1 << 16);
    bytes.mark(2);
    int first = bytes.read();
    int second = bytes.read();
    bytes.reset();
    if (first != 0x1f || second != 0x8b) {
      return new DumpStream(source, bytes, limitBytes);
    }
    try {
      return new DumpStream(source, new GZIPInputStream(bytes, 1 << 16), limitBytes);
    } catch (ZipException | EOFException e) {
      throw new UserInputException(
          source + ": byte 0: begins like gzip and is none (" + e.getMessage() + ")", e);
    }
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] into, int offset, int length) throws IOException {
    int count;
    try {
      count = in.read(into, offset, length);
    } catch (EOFException e) {
      throw new UserInputException(
          source
              + ": the gzip data ends too early, after "
              + read
              + " unpacked bytes; copy it again",
          e);
    } catch (ZipException e) {
      throw new UserInputException(
          source
              + ": the gzip data is damaged after "
              + read
              + " unpacked bytes ("
              + e.getMessage()
              + ")",
          e);
    }
    read += Math.max(0, count);
    if (read > limitBytes) {
      throw new UserInputException(
          source + ": unpacks to more than " + limitBytes + " bytes, no step dump is that large");
    }
    return count;
  }
}
