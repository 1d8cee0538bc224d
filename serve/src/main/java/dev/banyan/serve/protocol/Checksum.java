package dev.banyan.serve.protocol;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/** CRC-32C (RFC 3720, appendix B.4) of what is sent, in the lower 32 bits. */
public final class Checksum {
  private Checksum() {}

  /** Of eight bytes, big endian: a fingerprint of a block in simulations. */
  public static long of(long content) {
    return of(ByteBuffer.allocate(Long.BYTES).putLong(content).flip());
  }

  /** Of the remaining bytes, which stay remaining. */
  public static long of(ByteBuffer content) {
    var crc = new CRC32C();
    crc.update(content.duplicate());
    return crc.getValue();
  }
}
