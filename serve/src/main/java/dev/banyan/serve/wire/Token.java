package dev.banyan.serve.wire;

import java.nio.ByteBuffer;

/**
 * A generated token on its way to the client.
 *
 * @param number its place in the answer, from 0
 * @param finish why the answer ends with it
 * @param logprob natural logarithm of its probability before sampling; NaN when not asked for
 * @param topIds the most probable tokens, best first; {@code topLogprobs} theirs
 */
@SuppressWarnings("ArrayRecordComponent") // handed on, never compared
public record Token(
    long request,
    long epoch,
    int number,
    int id,
    Finish finish,
    float logprob,
    int[] topIds,
    float[] topLogprobs) {
  /** Why an answer ends. */
  public enum Finish {
    NONE,
    /** A stop token, which does not belong to the answer. */
    STOP,
    /** As many tokens as were asked for. */
    LENGTH,
    /** The engine could not go on. */
    ERROR
  }

  private static final Finish[] FINISHES = Finish.values();

  /** The same under another epoch, when it is told again. */
  public Token under(long other) {
    return new Token(request, other, number, id, finish, logprob, topIds, topLogprobs);
  }

  int bytes() {
    return 8 + 8 + 4 + 4 + 1 + 4 + 4 + 8 * topIds.length;
  }

  void write(ByteBuffer to) {
    to.putLong(request)
        .putLong(epoch)
        .putInt(number)
        .putInt(id)
        .put((byte) java.util.Arrays.asList(FINISHES).indexOf(finish));
    to.putFloat(logprob).putInt(topIds.length);
    for (int i = 0; i < topIds.length; i++) {
      to.putInt(topIds[i]).putFloat(topLogprobs[i]);
    }
  }

  static Token read(ByteBuffer from) {
    long request = from.getLong();
    long epoch = from.getLong();
    int number = from.getInt();
    int id = from.getInt();
    Finish finish = FINISHES[from.get()];
    float logprob = from.getFloat();
    int count = from.getInt();
    if (count < 0 || count > from.remaining() / 8) {
      throw new IllegalArgumentException(count + " alternatives in " + from.remaining() + " bytes");
    }
    int[] ids = new int[count];
    float[] logprobs = new float[ids.length];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = from.getInt();
      logprobs[i] = from.getFloat();
    }
    return new Token(request, epoch, number, id, finish, logprob, ids, logprobs);
  }
}
