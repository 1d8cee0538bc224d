package dev.banyan.train;

import dev.banyan.core.AtomicFile;
import dev.banyan.core.Json;
import dev.banyan.core.Seed;
import dev.banyan.core.UserInputException;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Divides documents into those to learn and those held out. A text that comes twice is taken once.
 * The seed and its text alone give a document its number, and the lowest numbers are held out:
 * those below the share, and of these no more than are asked for. So the order of documents decides
 * nothing, and adding documents never holds out one that was learned. Held-out documents stay
 * whole; long ones that are learned are cut between paragraphs into lines of a few kilobytes, so
 * that training can shuffle: a step that sees nothing but one book learns little.
 */
public final class HeldOutSplit {
  private static final int PIECE = 4096;

  private HeldOutSplit() {}

  /**
   * What to divide.
   *
   * @param heldOut share of documents that are held out, between 0 and 1
   * @param mostHeldOutBytes once this much text is held out, all text of higher numbers is learned
   * @param mostTrainingBytes once this much text is learned, the rest is left out
   */
  public record Options(double heldOut, long mostHeldOutBytes, long mostTrainingBytes) {
    public Options {
      if (!(heldOut > 0 && heldOut < 1)) {
        throw new IllegalArgumentException("heldOut " + heldOut + " is not between 0 and 1");
      }
    }
  }

  /** How much went where; bytes are of UTF-8 text. */
  public record Divided(
      long trainingDocuments,
      long trainingBytes,
      long heldOutDocuments,
      long heldOutBytes,
      long duplicates,
      long leftOut) {}

  /**
   * Writes {@code {"text": …}} lines to both files.
   *
   * @throws UserInputException when one side would stay empty
   */
  public static Divided write(
      List<Corpus> corpora, Path training, Path heldOut, Options options, Seed seed)
      throws IOException {
    Files.createDirectories(training.toAbsolutePath().getParent());
    long[] counts = new long[6];
    double border = border(corpora, options, seed);
    try (AtomicFile trainingFile = AtomicFile.open(training);
        AtomicFile heldOutFile = AtomicFile.open(heldOut)) {
      BufferedWriter learn = writer(trainingFile);
      BufferedWriter hold = writer(heldOutFile);
      Set<Long> seen = new HashSet<>();
      for (Corpus corpus : corpora) {
        for (Iterator<String> texts = corpus.texts(); texts.hasNext(); ) {
          String text = texts.next();
          long bytes = text.getBytes(StandardCharsets.UTF_8).length;
          long hash = seed.of("held out", text).value();
          if (text.isBlank() || !seen.add(hash)) {
            counts[4]++;
          } else if (number(hash) < border) {
            write(hold, text);
            counts[2]++;
            counts[3] += bytes;
          } else if (counts[1] < options.mostTrainingBytes) {
            for (String piece : pieces(text)) {
              write(learn, piece);
            }
            counts[0]++;
            counts[1] += bytes;
          } else {
            counts[5]++;
          }
        }
      }
      if (counts[0] == 0 || counts[2] == 0) {
        throw new UserInputException(
            "there are %d documents, too few to hold some out; give more or smaller ones"
                .formatted(counts[0] + counts[2]));
      }
      learn.flush();
      hold.flush();
      commit(training, trainingFile, heldOutFile);
    }
    return new Divided(counts[0], counts[1], counts[2], counts[3], counts[4], counts[5]);
  }

  /** A number in [0, 1) of 53 bits. */
  private static double number(long hash) {
    return (hash >>> 11) * 0x1p-53;
  }

  /** The number below which documents are held out, by one pass over all. */
  private static double border(List<Corpus> corpora, Options options, Seed seed) {
    var bytesOfNumber = new TreeMap<Double, Long>();
    for (Corpus corpus : corpora) {
      for (Iterator<String> texts = corpus.texts(); texts.hasNext(); ) {
        String text = texts.next();
        double number = number(seed.of("held out", text).value());
        if (number < options.heldOut && !text.isBlank()) {
          bytesOfNumber.put(number, (long) text.getBytes(StandardCharsets.UTF_8).length);
        }
      }
    }
    long held = 0;
    for (var entry : bytesOfNumber.entrySet()) {
      if (held >= options.mostHeldOutBytes) {
        return entry.getKey();
      }
      held += entry.getValue();
    }
    return options.heldOut;
  }

  /**
   * Makes both files appear. The old training file goes first and the new one comes last, so that
   * wherever this is stopped there is none, or the one that belongs to the held-out file: nothing
   * is ever learned that is held out.
   */
  static void commit(Path training, AtomicFile learned, AtomicFile held) throws IOException {
    Files.deleteIfExists(training);
    held.commit();
    learned.commit();
  }

  /** The text in pieces of at most {@value #PIECE} characters, cut at blank lines if there are. */
  static List<String> pieces(String text) {
    List<String> pieces = new ArrayList<>();
    int start = 0;
    while (text.length() - start > PIECE) {
      int limit = start + PIECE;
      int cut = text.lastIndexOf("\n\n", limit - 2) + 2;
      if (cut <= start + PIECE / 4) {
        cut = text.lastIndexOf('\n', limit - 1) + 1;
      }
      if (cut <= start + PIECE / 4) {
        cut = Character.isLowSurrogate(text.charAt(limit)) ? limit - 1 : limit;
      }
      pieces.add(text.substring(start, cut));
      start = cut;
    }
    pieces.add(text.substring(start));
    return pieces;
  }

  /**
   * Divides conversations. Both files are in the format of skills: {@code messages}, {@code
   * category}, {@code question} (the first thing asked) and {@code answer} (the last thing said);
   * only conversations of one question and one answer are held out.
   *
   * @param heldOut share of conversations, between 0 and 1
   * @return how many are learned and how many held out
   * @throws UserInputException when one side would stay empty
   */
  public static int[] writeConversations(
      Corpus corpus, Path training, Path heldOutFile, double heldOut, Seed seed)
      throws IOException {
    int[] counts = new int[2];
    try (AtomicFile learnFile = AtomicFile.open(training);
        AtomicFile holdFile = AtomicFile.open(heldOutFile)) {
      BufferedWriter learn = writer(learnFile);
      BufferedWriter hold = writer(holdFile);
      for (int i = 0; i < corpus.size(); i++) {
        Example.ChatExample chat = conversation(corpus, i);
        long hash = seed.of("held out", chat.turns().toString()).value();
        boolean held = chat.turns().size() == 2 && number(hash) < heldOut;
        BufferedWriter side = held ? hold : learn;
        side.write(Json.mapper().writeValueAsString(line(chat)));
        side.write('\n');
        counts[held ? 1 : 0]++;
      }
      if (counts[0] == 0 || counts[1] == 0) {
        throw new UserInputException(
            "there are %d conversations, too few to hold some out; give more"
                .formatted(counts[0] + counts[1]));
      }
      learn.flush();
      hold.flush();
      commit(training, learnFile, holdFile);
    }
    return counts;
  }

  /**
   * Looks for anything but conversations.
   *
   * @throws UserInputException naming the first text
   */
  public static void requireConversations(Corpus corpus) {
    for (int i = 0; i < corpus.size(); i++) {
      conversation(corpus, i);
    }
  }

  private static Example.ChatExample conversation(Corpus corpus, int number) {
    return switch (corpus.record(number)) {
      case Example.ChatExample chat -> chat;
      case Example.TextExample text ->
          throw new UserInputException(
              text.origin() + ": this is a text; instructions need conversations");
    };
  }

  private static Map<String, Object> line(Example.ChatExample chat) {
    var line = new LinkedHashMap<String, Object>();
    line.put("messages", chat.turns().stream().map(turn -> message(turn)).toList());
    line.put("category", "instructions");
    line.put(
        "question",
        chat.turns().stream()
            .filter(turn -> turn.role() == Example.Role.USER)
            .map(Example.Turn::text)
            .findFirst()
            .orElse(""));
    line.put("answer", chat.turns().getLast().text());
    return line;
  }

  private static Map<String, String> message(Example.Turn turn) {
    var message = new LinkedHashMap<String, String>();
    message.put("role", turn.role().name().toLowerCase(Locale.ROOT));
    message.put("content", turn.text());
    return message;
  }

  private static BufferedWriter writer(AtomicFile file) {
    return new BufferedWriter(
        new OutputStreamWriter(
            java.nio.channels.Channels.newOutputStream(file.channel()), StandardCharsets.UTF_8));
  }

  private static void write(BufferedWriter writer, String text) throws IOException {
    writer.write(Json.mapper().writeValueAsString(Map.of("text", text)));
    writer.write('\n');
  }
}
