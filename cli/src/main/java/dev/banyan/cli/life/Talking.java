package dev.banyan.cli.life;

import dev.banyan.core.Progress;
import dev.banyan.core.Seed;
import dev.banyan.model.Completion;
import dev.banyan.model.Generator;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.Sampling;
import dev.banyan.model.Tokenizer;
import dev.banyan.train.ChatFormat;
import dev.banyan.train.Corpus;
import dev.banyan.train.Evaluation;
import dev.banyan.train.SkillQuestion;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** What a life's models say: texts gone on with, and questions answered. */
final class Talking {
  private Talking() {}

  /** Beginnings of held-out documents, continued by the model of pretraining. */
  static List<Lived.Spoken> continued(Path folder, Path heldOut, Seed seed) {
    List<Lived.Spoken> spoken = new ArrayList<>();
    try (LanguageModel model = LanguageModel.open(folder);
        Corpus held = Corpus.open(List.of(heldOut), Corpus.Options.STRICT)) {
      Tokenizer tokenizer = Tokenizer.open(folder);
      var format = new ChatFormat(tokenizer);
      var generator = new Generator(model, tokenizer);
      int longest = model.config().maxPositions();
      for (int i = 0; i < held.size() && spoken.size() < 4; i += 1 + held.size() / 8) {
        int[] all = format.ids(held.record(i));
        int[] prompt = Arrays.copyOf(all, Math.min(16, all.length / 2));
        if (prompt.length < 4) {
          continue;
        }
        var request =
            new Generator.Request(
                prompt,
                Sampling.atTemperature(0.7),
                Math.min(64, longest - prompt.length),
                Set.of(format.endId()),
                List.of(),
                seed.of("talk", i));
        Completion completion = generator.generate(request, piece -> {});
        spoken.add(new Lived.Spoken(tokenizer.decode(prompt, true), completion.text(), ""));
      }
    }
    return spoken;
  }

  /** The first test question of each category, answered by the tuned model. */
  static List<Lived.Spoken> answered(Path folder, Path questionFile, Seed seed) {
    List<SkillQuestion> questions =
        SkillQuestion.firstOfEach(SkillQuestion.readAll(questionFile), 1);
    List<Lived.Spoken> spoken = new ArrayList<>();
    try (LanguageModel model = LanguageModel.open(folder)) {
      var skills =
          Evaluation.skills(
              model,
              Tokenizer.open(folder),
              questions,
              List.of(),
              Life.LONGEST_ANSWER,
              seed,
              Progress.none());
      skills
          .answers()
          .forEach(
              answered ->
                  spoken.add(
                      new Lived.Spoken(
                          answered.question().question(),
                          answered.answer(),
                          answered.question().answer())));
    }
    return spoken;
  }
}
