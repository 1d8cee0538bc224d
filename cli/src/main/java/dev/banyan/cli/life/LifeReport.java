package dev.banyan.cli.life;

import dev.banyan.core.Chart;
import dev.banyan.core.Format;
import dev.banyan.core.Interval;
import dev.banyan.core.Report;
import dev.banyan.core.Table;
import dev.banyan.train.Evaluation;
import dev.banyan.train.TrainingCurve;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;

/** What a life comes to, as a page and as a few lines. */
final class LifeReport {
  private LifeReport() {}

  /** The lines at the end of the command. */
  static void print(Lived lived, PrintWriter out) {
    Evaluation.Text text = lived.text();
    out.printf(
        "model     %s parameters, %s tokens of text and %s of answers learned%n",
        Format.count(lived.pretraining().parameters()),
        Format.count(lived.pretraining().learnedTokens()),
        Format.count(lived.tuning().learnedTokens()));
    out.printf("text      %s bits per byte of held-out text", interval(text.bitsPerByte()));
    text.rivals()
        .ifPresent(
            rivals ->
                out.printf(
                    "; %d-gram over bytes %.3f (× %.3f), over tokens %.3f (× %.3f)",
                    rivals.order(),
                    rivals.bytes().mean(),
                    rivals.ratioToBytes().mean(),
                    rivals.tokens().mean(),
                    rivals.ratioToTokens().mean()));
    out.printf("%n");
    Lived.Skills skills = lived.skills();
    out.printf(
        "skills    %.1f %% right, most frequent answer %.1f %%; above it with 95 %% in %d of %d categories%n",
        100 * skills.mean(), 100 * skills.baseline(), skills.above(), skills.categories().size());
    Lived.Memory memory = lived.memory();
    out.printf(
        "memory    a step needs %s as planned, %s in program order; %s%s%n",
        Format.bytes(memory.arenaBytes()),
        Format.bytes(memory.programPeakBytes()),
        memory.equal() ? "same bits" : "BITS DIFFER",
        memory.own()
            ? ", loss %.5f (trainer %.5f)".formatted(memory.loss(), memory.trainerLoss())
            : "");
    out.printf("grown     %s%n", GrownReport.line(lived.grown()));
    lived.served().ifPresent(served -> out.printf("served    %s%n", ServedReport.line(served)));
  }

  private static String interval(Interval interval) {
    return "%.3f [%.3f, %.3f]".formatted(interval.mean(), interval.low(), interval.high());
  }

  static Report of(Lived lived) {
    double seconds = lived.steps().stream().mapToDouble(StepBook.Done::seconds).sum();
    Report report =
        Report.titled("A model's life")
            .subtitle(
                "%s parameters, %s on this machine, seed %d"
                    .formatted(
                        Format.count(lived.pretraining().parameters()),
                        StepBook.duration(seconds),
                        lived.config().seed()));
    tiles(report, lived);
    wentIn(report, lived);
    pretraining(report, lived);
    heldOut(report, lived);
    skills(report, lived);
    talk(report, lived);
    memory(report, lived);
    supervised(report, lived.supervised());
    GrownReport.add(report, lived.grown(), command(lived, "grow"));
    lived.served().ifPresent(served -> ServedReport.add(report, served, command(lived, "serve")));
    steps(report, lived);
    return report;
  }

  private static void supervised(Report report, Lived.Supervised drill) {
    report
        .section("A part fails")
        .paragraph(
            "Two processes trained together under a supervisor; %s was sent to one of them in the middle. %s."
                .formatted(drill.signal(), drill.reason()))
        .list(drill.evidence())
        .table(
            Table.of("what it cost", "seconds")
                .row("detection", tenth(drill.detectSeconds()))
                .row("diagnosis", thousandth(drill.diagnosisSeconds()))
                .row("stopping every rank", tenth(drill.stopSeconds()))
                .row("starting again, with the spare", tenth(drill.startSeconds()))
                .row(
                    "%d steps computed again".formatted(drill.lostSteps()),
                    tenth(drill.lostSeconds())))
        .paragraph(
            drill.sameWeights()
                ? "The run ended with the same weights, bit for bit, as one that nothing happened to."
                : "The run did not end with the weights of one that nothing happened to.");
  }

  private static double tenth(double seconds) {
    return Math.round(seconds * 10) / 10.0;
  }

  private static double thousandth(double seconds) {
    return Math.round(seconds * 1000) / 1000.0;
  }

  private static void tiles(Report report, Lived lived) {
    Evaluation.Text text = lived.text();
    report.figure(
        "bits per byte",
        "%.3f".formatted(text.bitsPerByte().mean()),
        text.rivals()
            .map(
                rivals ->
                    "%.2f × the byte %d-gram"
                        .formatted(rivals.ratioToBytes().mean(), rivals.order()))
            .orElse("held-out text"));
    report.figure(
        "skills right",
        "%.0f %%".formatted(100 * lived.skills().mean()),
        "most frequent answer: %.0f %%".formatted(100 * lived.skills().baseline()));
    report.figure(
        "skills learned",
        "%d of %d".formatted(lived.skills().above(), lived.skills().categories().size()),
        "above the baseline with 95 %");
    report.figure(
        "training speed",
        Format.count(Math.round(lived.pretraining().tokensPerSecond())) + " tokens/s",
        "pretraining, padding included");
  }

  private static void wentIn(Report report, Lived lived) {
    report
        .section("What went in")
        .paragraph(
            lived.config().text().isEmpty()
                ? "The built-in world: a small knowledge graph, and text of eight kinds that follows from it."
                : "Your own text, with 15 % of text of the built-in world.")
        .table(
            Table.of("what", "documents", "bytes")
                .row("learned", lived.data().trainingDocuments(), lived.data().trainingBytes())
                .row("held out", lived.data().heldOutDocuments(), lived.data().heldOutBytes())
                .row("left out: came twice or empty", lived.data().duplicates(), null)
                .row("left out: too much", lived.data().leftOut(), null))
        .paragraph(
            "Tokenizer: byte-level BPE, %d tokens, %.2f bytes of held-out text per token."
                .formatted(lived.tokenizer().vocabulary(), lived.tokenizer().bytesPerToken()));
  }

  private static void pretraining(Report report, Lived lived) {
    report
        .section("Pretraining")
        .paragraph(
            "%d steps over %s tokens in %s."
                .formatted(
                    lived.pretraining().steps(),
                    Format.count(lived.pretraining().learnedTokens()),
                    StepBook.duration(lived.pretraining().seconds())));
    curve(report, lived, "pretrain", "Loss while pretraining");
    curve(report, lived, "tune", "Loss in the supervised stage");
  }

  private static void curve(Report report, Lived lived, String name, String title) {
    var curve = TrainingCurve.read(lived.config().out().resolve(name).resolve("metrics.jsonl"));
    report.chart(
        Chart.lines(title)
            .x("step")
            .y("nats per token")
            .series("training", curve.steps(), curve.losses()));
  }

  private static void heldOut(Report report, Lived lived) {
    Evaluation.Text text = lived.text();
    report
        .section("How well it foretells text")
        .paragraph(
            "%d held-out documents, %s; lower is better. Intervals: 95 %%, bootstrap over documents."
                .formatted(text.documents(), Format.bytes(text.bytes())));
    List<String> names = new ArrayList<>(List.of("the model"));
    List<Interval> values = new ArrayList<>(List.of(text.bitsPerByte()));
    text.rivals()
        .ifPresent(
            rivals -> {
              names.add(rivals.order() + "-gram over bytes");
              values.add(rivals.bytes());
              names.add(rivals.order() + "-gram over the model's tokens");
              values.add(rivals.tokens());
            });
    report.chart(
        Chart.bars("Bits per byte of held-out text", names).y("bits per byte").series("", values));
    text.rivals()
        .ifPresent(
            rivals ->
                report.paragraph(
                    "The model needs %s of the bits of the byte n-gram and %s of those of the token n-gram."
                        .formatted(
                            interval(rivals.ratioToBytes()), interval(rivals.ratioToTokens()))));
    report.command(command(lived, "evaluate"));
  }

  private static void skills(Report report, Lived lived) {
    List<Lived.SkillGrade> grades = lived.skills().categories();
    report
        .section("What it can do")
        .paragraph(
            "Greedy answers to questions that were not trained on, graded; beside what always giving the most frequent training answer would reach.")
        .chart(
            Chart.bars("Share of right answers", grades.stream().map(g -> g.name()).toList())
                .y("share right")
                .series(
                    "the model",
                    grades.stream()
                        .map(g -> new Interval(g.accuracy(), g.low(), g.high()))
                        .toList())
                .series(
                    "most frequent answer",
                    grades.stream().mapToDouble(Lived.SkillGrade::baseline).toArray()));
    Table table =
        Table.of("category", "questions", "right", "95 % from", "to", "baseline", "above");
    for (Lived.SkillGrade grade : grades) {
      table.row(
          grade.name(),
          grade.questions(),
          grade.accuracy(),
          grade.low(),
          grade.high(),
          grade.baseline(),
          grade.above() ? "yes" : "no");
    }
    report.table(table).command(command(lived, "skills"));
  }

  private static void talk(Report report, Lived lived) {
    report
        .section("How it talks")
        .paragraph(
            "Beginnings of held-out documents, continued at temperature 0.7; then the first test question of each category. Nothing was picked.");
    for (Lived.Spoken spoken : lived.talk().texts()) {
      report.sample(spoken.prompt() + " …", spoken.said());
    }
    Table table = Table.of("asked", "answered", "expected");
    for (Lived.Spoken spoken : lived.talk().answers()) {
      table.row(spoken.prompt(), spoken.said(), spoken.expected());
    }
    report.table(table);
  }

  private static void memory(Report report, Lived lived) {
    Lived.Memory memory = lived.memory();
    report
        .section("What a training step needs")
        .paragraph(
            "One step of a PyTorch twin of the model (%,d operators, %s of parameters and state beside), run through libtorch inside one block at planned places%s."
                .formatted(
                    memory.operators(),
                    Format.bytes(memory.persistentBytes()),
                    memory.own()
                        ? ", with the weights that were trained: loss %.5f, the trainer's %.5f"
                            .formatted(memory.loss(), memory.trainerLoss())
                        : "; this model has another shape, so its numbers are drawn"))
        .chart(
            Chart.lines("Live memory over a step")
                .x("share of the step, %")
                .y("MB")
                .fromZero()
                .mark(memory.lowerBoundBytes() / 1e6, "no order needs less")
                .series("program order", shares(memory.programLoads()), mega(memory.programLoads()))
                .series(
                    "planned order", shares(memory.plannedLoads()), mega(memory.plannedLoads())))
        .table(
            Table.of("what", "bytes")
                .row("program order, most live at once", memory.programPeakBytes())
                .row("PyTorch's caching allocator would reserve", memory.cachingBytes())
                .row("the block of the plan", memory.arenaBytes())
                .row("proven least of any order", memory.lowerBoundBytes())
                .row("largest temporary outside the block", memory.largestTemporaryBytes()))
        .paragraph(
            memory.equal()
                ? "%d results, parameters and state were the same in every bit as under separate allocations."
                    .formatted(memory.compared())
                : "Bits DIFFERED from the run under separate allocations.")
        .command(command(lived, "memory"));
  }

  private static double[] shares(List<Long> loads) {
    double[] shares = new double[loads.size()];
    for (int i = 0; i < shares.length; i++) {
      shares[i] = 100.0 * i / Math.max(1, shares.length - 1);
    }
    return shares;
  }

  private static double[] mega(List<Long> loads) {
    return loads.stream().mapToDouble(bytes -> bytes / 1e6).toArray();
  }

  private static void steps(Report report, Lived lived) {
    Table table = Table.of("step", "seconds", "command");
    for (StepBook.Done step : lived.steps()) {
      table.row(step.name(), step.seconds(), step.command());
    }
    report
        .section("How to do it again")
        .paragraph("Every step is a command that works alone. The whole:")
        .command("banyan life " + lived.config().recipe())
        .table(table);
  }

  private static String command(Lived lived, String step) {
    return lived.steps().stream()
        .filter(done -> done.name().equals(step))
        .map(StepBook.Done::command)
        .findFirst()
        .orElse("");
  }
}
