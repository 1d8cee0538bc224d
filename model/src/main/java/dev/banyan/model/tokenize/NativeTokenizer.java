package dev.banyan.model.tokenize;

import ai.djl.huggingface.tokenizers.jni.LibUtils;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.banyan.core.CacheFolder;
import dev.banyan.core.MissingThingException;
import java.lang.ref.Cleaner;
import java.lang.ref.Reference;
import java.util.List;

/**
 * A tokenizer inside the Hugging Face {@code tokenizers} library, called through the JNI part of
 * DJL. Its native memory is freed when this object is no longer reachable. Safe for several
 * threads. The library is unpacked once into Banyan's cache folder and nothing is ever downloaded.
 */
public final class NativeTokenizer {
  private static final Cleaner CLEANER = Cleaner.create();

  private final long handle;

  private NativeTokenizer(long handle) {
    this.handle = handle;
    CLEANER.register(this, () -> Library.LIB.deleteTokenizer(handle));
  }

  /**
   * Builds the tokenizer that this text of a {@code tokenizer.json} describes, without its
   * truncation and padding.
   *
   * @throws IllegalArgumentException if the library refuses it, with the library's reason
   * @throws MissingThingException if there is no native library for this machine
   */
  public static NativeTokenizer of(String tokenizerJson) {
    TokenizersLibrary library = library();
    long handle;
    try {
      handle = library.createTokenizerFromString(tokenizerJson);
    } catch (RuntimeException refused) {
      throw new IllegalArgumentException(String.valueOf(refused.getMessage()), refused);
    }
    library.disableTruncation(handle);
    library.disablePadding(handle);
    return new NativeTokenizer(handle);
  }

  /** The ids of {@code text}, which has no lone surrogates. */
  public int[] encode(String text, boolean addSpecial) {
    try {
      return takeIds(Library.LIB.encode(handle, text, addSpecial));
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /** The ids of each text; the library uses all cores. */
  public List<int[]> encodeAll(List<String> texts, boolean addSpecial) {
    try {
      long[] encodings = Library.LIB.batchEncode(handle, texts.toArray(String[]::new), addSpecial);
      var all = new int[encodings.length][];
      for (int i = 0; i < encodings.length; i++) {
        all[i] = takeIds(encodings[i]);
      }
      return List.of(all);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  /** The text of these ids; ids without a token give nothing. */
  public String decode(int[] ids, boolean skipSpecial) {
    var wide = new long[ids.length];
    for (int i = 0; i < ids.length; i++) {
      wide[i] = ids[i];
    }
    try {
      return Library.LIB.decode(handle, wide, skipSpecial);
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  private static int[] takeIds(long encoding) {
    try {
      long[] wide = Library.LIB.getTokenIds(encoding);
      var ids = new int[wide.length];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = (int) wide[i];
      }
      return ids;
    } finally {
      Library.LIB.deleteEncoding(encoding);
    }
  }

  private static TokenizersLibrary library() {
    try {
      return Library.LIB;
    } catch (LinkageError | RuntimeException missing) {
      throw new MissingThingException(
          "the native tokenizers library cannot be loaded on this machine (%s, %s): %s"
              .formatted(
                  System.getProperty("os.name"), System.getProperty("os.arch"), reason(missing)),
          missing);
    }
  }

  private static String reason(Throwable thrown) {
    Throwable at = thrown;
    while (at.getCause() != null) {
      at = at.getCause();
    }
    return String.valueOf(at.getMessage());
  }

  /** Loaded on first use, after DJL has been told where to unpack and not to ask the network. */
  private static final class Library {
    static final TokenizersLibrary LIB = load();

    private static TokenizersLibrary load() {
      setIfAbsent("ENGINE_CACHE_DIR", CacheFolder.of("tokenizers").toString());
      setIfAbsent("ai.djl.offline", "true");
      setIfAbsent("RUST_FLAVOR", "cpu");
      LibUtils.checkStatus(); // unpacks and loads the library on first use
      return TokenizersLibrary.LIB;
    }

    private static void setIfAbsent(String name, String value) {
      if (System.getenv(name) == null && System.getProperty(name) == null) {
        System.setProperty(name, value);
      }
    }
  }
}
