package dev.banyan.train.evaluate;

import dev.banyan.core.Interval;
import dev.banyan.core.Intervals;
import dev.banyan.core.Seed;
import java.util.List;

/**
 * How well a model foretells text: bits per UTF-8 byte, which compares models of different
 * vocabularies. Documents are the unit of chance: the interval is a bootstrap over them.
 */
public final class BitsPerByte {
  /**
   * What one document cost.
   *
   * @param bits −log2 of the document's probability
   * @param bytes the document's length in UTF-8
   */
  public record Document(double bits, long bytes) {
    public Document {
      if (!(bits >= 0) || bytes < 1) {
        throw new IllegalArgumentException(
            "a document of %d bytes that cost %s bits".formatted(bytes, bits));
      }
    }
  }

  private BitsPerByte() {}

  /** All bits over all bytes, with a 95 % interval. */
  public static Interval of(List<Document> documents, Seed seed) {
    return Intervals.ratioOfSums(bits(documents), bytes(documents), 0.95, seed);
  }

  /** One model's bits over another's on the same documents: below 1, the first is better. */
  public static Interval ratio(List<Document> model, List<Document> rival, Seed seed) {
    if (model.size() != rival.size()) {
      throw new IllegalArgumentException(
          "%d documents against %d: both must be scored on the same"
              .formatted(model.size(), rival.size()));
    }
    return Intervals.ratioOfSums(bits(model), bits(rival), 0.95, seed);
  }

  private static double[] bits(List<Document> documents) {
    return documents.stream().mapToDouble(Document::bits).toArray();
  }

  private static double[] bytes(List<Document> documents) {
    return documents.stream().mapToDouble(Document::bytes).toArray();
  }
}
