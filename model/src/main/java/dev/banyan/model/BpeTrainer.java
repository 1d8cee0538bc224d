package dev.banyan.model;

import dev.banyan.core.UserInputException;
import dev.banyan.model.tokenize.BpeVocabulary;
import dev.banyan.model.tokenize.MergeLoop;
import dev.banyan.model.tokenize.TextPieces;
import dev.banyan.model.tokenize.WordCounts;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;

/**
 * Trains a byte-level BPE tokenizer on a stream of texts. The merges are those that the Hugging
 * Face {@code tokenizers} trainer learns with {@code ByteLevel(add_prefix_space=False,
 * use_regex=True)}, so the file it writes is one that every tool of that family reads. Texts are
 * split and counted on several threads; the result does not depend on how many.
 */
public final class BpeTrainer {
  /** The fewest tokens a vocabulary can have beside its special tokens: one per byte. */
  public static final int ALPHABET = 256;

  /**
   * What to train.
   *
   * @param vocabSize how many tokens in all, with special tokens and the 256 bytes
   * @param minFrequency a pair seen less often than this is not merged
   * @param specialTokens tokens that are never split; they get the first ids, in this order
   * @param individualDigits whether every digit is a token alone, which makes arithmetic learnable
   * @param threads how many threads count words
   */
  public record Options(
      int vocabSize,
      long minFrequency,
      List<String> specialTokens,
      boolean individualDigits,
      int threads) {
    public Options {
      specialTokens = List.copyOf(specialTokens);
      if (vocabSize < ALPHABET + specialTokens.size()) {
        throw new UserInputException(
            "a vocabulary of %d tokens is too small: %d special tokens and 256 bytes need at least %d"
                .formatted(vocabSize, specialTokens.size(), ALPHABET + specialTokens.size()));
      }
      if (minFrequency < 0) {
        throw new UserInputException("minimum frequency %d is negative".formatted(minFrequency));
      }
      if (threads < 1) {
        throw new IllegalArgumentException("threads %d < 1".formatted(threads));
      }
      if (specialTokens.contains("")) {
        throw new UserInputException("a special token is empty; give it a name");
      }
    }

    /** The usual choice: pairs seen at least twice, digits kept together, one thread per core. */
    public static Options of(int vocabSize, List<String> specialTokens) {
      return new Options(
          vocabSize, 2, specialTokens, false, Runtime.getRuntime().availableProcessors());
    }

    public Options withIndividualDigits(boolean individual) {
      return new Options(vocabSize, minFrequency, specialTokens, individual, threads);
    }

    public Options withMinFrequency(long frequency) {
      return new Options(vocabSize, frequency, specialTokens, individualDigits, threads);
    }

    public Options withThreads(int number) {
      return new Options(vocabSize, minFrequency, specialTokens, individualDigits, number);
    }
  }

  private BpeTrainer() {}

  /**
   * Trains on all of {@code texts}, read once and one at a time. Every text is tokenized on its
   * own: no word reaches across two.
   *
   * @throws UserInputException if there is no text
   */
  public static TrainedBpe train(Iterator<String> texts, Options options) {
    WordCounts words = countWords(texts, options);
    if (words.size() == 0) {
      throw new UserInputException(
          "there is no text to train a tokenizer on: every input is empty");
    }
    BpeVocabulary vocabulary =
        MergeLoop.learn(
            words, options.vocabSize(), options.minFrequency(), options.specialTokens());
    return new TrainedBpe(vocabulary, options.specialTokens(), options.individualDigits());
  }

  private static WordCounts countWords(Iterator<String> texts, Options options) {
    var pieces = new TextPieces(texts);
    var total = new WordCounts();
    try (var executor = Executors.newFixedThreadPool(options.threads())) {
      Callable<WordCounts> count = () -> countPieces(pieces, options.individualDigits());
      var futures = new ArrayList<java.util.concurrent.Future<WordCounts>>();
      for (int thread = 0; thread < options.threads(); thread++) {
        futures.add(executor.submit(count));
      }
      for (var future : futures) {
        WordCounts counted = future.get();
        if (total.size() == 0) {
          total = counted;
        } else {
          total.addAll(counted);
        }
      }
      return total;
    } catch (ExecutionException failed) {
      if (failed.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new IllegalStateException("counting words failed", failed.getCause());
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while counting words", interrupted);
    }
  }

  private static WordCounts countPieces(TextPieces pieces, boolean individualDigits) {
    var counts = new WordCounts();
    for (List<String> batch = pieces.next(); !batch.isEmpty(); batch = pieces.next()) {
      for (String piece : batch) {
        byte[] utf8 = piece.getBytes(StandardCharsets.UTF_8);
        counts.addText(utf8, 0, utf8.length, individualDigits);
      }
    }
    return counts;
  }
}
