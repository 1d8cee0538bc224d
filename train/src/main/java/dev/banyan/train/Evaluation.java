package dev.banyan.train;

import dev.banyan.core.Interval;
import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.model.Completion;
import dev.banyan.model.Generator;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Tokenizer;
import dev.banyan.train.evaluate.BitsPerByte;
import dev.banyan.train.evaluate.KneserNey;
import dev.banyan.train.evaluate.ModelScorer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/** Measures a model: bits per byte of text beside n-grams, and graded skills. */
public final class Evaluation {
  private static final int ANSWERS_AT_ONCE = 32;

  private Evaluation() {}

  /**
   * How well text is foretold.
   *
   * @param documents documents scored, each text once
   * @param duplicates documents left out because their text came before or was learned
   * @param bitsPerByte the model's, with a 95 % bootstrap interval over documents
   * @param rivals the n-grams, when training text was given
   */
  public record Text(
      int documents, int duplicates, long bytes, Interval bitsPerByte, Optional<Rivals> rivals) {}

  /**
   * Interpolated Kneser–Ney models of the same training text.
   *
   * @param order of both
   * @param bytes over bytes, in bits per byte
   * @param tokens over the model's own tokens, in bits per byte
   * @param ratioToBytes the model's bits over the byte model's, with a paired interval
   * @param ratioToTokens the model's bits over the token model's
   */
  public record Rivals(
      int order, Interval bytes, Interval tokens, Interval ratioToBytes, Interval ratioToTokens) {}

  /**
   * Bits per byte of held-out text.
   *
   * @param heldOut conversations count as their turns, line by line
   * @param training what the n-grams learn; empty for none
   * @param order of the n-grams
   */
  public static Text text(
      LanguageModel model,
      Tokenizer tokenizer,
      Corpus heldOut,
      Optional<Corpus> training,
      int order,
      int threads,
      Seed seed,
      Progress progress) {
    Set<String> learned = new LinkedHashSet<>();
    training.ifPresent(corpus -> corpus.texts().forEachRemaining(learned::add));
    Set<String> distinct = new LinkedHashSet<>();
    heldOut.texts().forEachRemaining(distinct::add);
    distinct.removeIf(text -> text.isEmpty() || learned.contains(text));
    if (distinct.isEmpty()) {
      throw new dev.banyan.core.UserInputException(
          "every one of the %d held-out documents is empty or stands in the training data too"
              .formatted(heldOut.size()));
    }
    List<String> texts = List.copyOf(distinct);
    var scores = ModelScorer.score(model, tokenizer, texts, threads, progress);
    long bytes = scores.stream().mapToLong(BitsPerByte.Document::bytes).sum();
    return new Text(
        texts.size(),
        heldOut.size() - texts.size(),
        bytes,
        BitsPerByte.of(scores, seed.of("model")),
        training.map(corpus -> rivals(tokenizer, texts, learned, order, scores, seed)));
  }

  private static Rivals rivals(
      Tokenizer tokenizer,
      List<String> texts,
      Set<String> learned,
      int order,
      List<BitsPerByte.Document> scores,
      Seed seed) {
    var bytes = ngram(order, 256, texts, learned, KneserNey::bytesOf);
    var tokens = ngram(order, tokenizer.vocabSize(), texts, learned, tokenizer::encodeText);
    return new Rivals(
        order,
        BitsPerByte.of(bytes, seed.of("bytes")),
        BitsPerByte.of(tokens, seed.of("tokens")),
        BitsPerByte.ratio(scores, bytes, seed.of("ratio", "bytes")),
        BitsPerByte.ratio(scores, tokens, seed.of("ratio", "tokens")));
  }

  private static List<BitsPerByte.Document> ngram(
      int order,
      int symbols,
      List<String> texts,
      Set<String> learned,
      Function<String, int[]> encode) {
    var ngram = new KneserNey(order, symbols);
    learned.forEach(text -> ngram.learn(encode.apply(text)));
    List<BitsPerByte.Document> documents = new ArrayList<>();
    for (String text : texts) {
      documents.add(
          new BitsPerByte.Document(
              ngram.totalBits(encode.apply(text)), text.getBytes(StandardCharsets.UTF_8).length));
    }
    return documents;
  }

  /** A question with the model's answer. */
  public record Answered(SkillQuestion question, String answer, boolean right) {}

  /** Grades and the answers they were given for. */
  public record Skills(SkillReport report, List<Answered> answers) {}

  /**
   * Greedy answers, graded. A question that leaves no room in the model's context has an empty
   * answer.
   *
   * @param training questions with answers from which the most frequent answer of each category is
   *     taken; empty for a baseline of zero
   * @param maxTokens longest answer
   */
  public static Skills skills(
      LanguageModel model,
      Tokenizer tokenizer,
      List<SkillQuestion> questions,
      List<SkillQuestion> training,
      int maxTokens,
      Seed seed,
      Progress progress) {
    var format = new ChatFormat(tokenizer);
    var generator = new Generator(model, tokenizer);
    int positions = model.config().maxPositions();
    List<String> answers = new ArrayList<>();
    for (int from = 0; from < questions.size(); from += 8 * ANSWERS_AT_ONCE) {
      List<Generator.Request> requests = new ArrayList<>();
      List<Integer> asked = new ArrayList<>();
      for (int i = from; i < Math.min(questions.size(), from + 8 * ANSWERS_AT_ONCE); i++) {
        int[] prompt = format.prompt(questions.get(i).prompt());
        answers.add("");
        if (prompt.length < positions) {
          asked.add(i);
          int room = Math.min(maxTokens, positions - prompt.length);
          requests.add(Generator.Request.greedy(prompt, room, Set.of(format.endId())));
        }
      }
      List<Completion> completions = generator.generateAll(requests, ANSWERS_AT_ONCE);
      for (int i = 0; i < completions.size(); i++) {
        answers.set(asked.get(i), completions.get(i).text());
      }
      progress.step(answers.size(), "");
    }
    Map<String, String> usual = SkillReport.mostFrequentAnswers(training);
    List<Answered> answered = new ArrayList<>();
    for (int i = 0; i < answers.size(); i++) {
      SkillQuestion question = questions.get(i);
      answered.add(
          new Answered(question, answers.get(i), question.checker().grade(answers.get(i))));
    }
    return new Skills(SkillReport.of(questions, answers, usual, seed), answered);
  }
}
