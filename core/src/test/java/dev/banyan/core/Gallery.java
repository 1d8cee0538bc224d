package dev.banyan.core;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;

/** A page with one of everything, for tests and for eyes. */
final class Gallery {
  private Gallery() {}

  static Report page() throws IOException {
    RandomGenerator random = new Seed(3).stream("gallery");
    int steps = 2000;
    double[] x = new double[steps];
    double[] train = new double[steps];
    double[] gram = new double[steps];
    for (int i = 0; i < steps; i++) {
      x[i] = i;
      train[i] = 1.2 + 4.5 * Math.exp(-i / 260.0) + 0.08 * random.nextGaussian();
      gram[i] = 1.4 + 4.1 * Math.exp(-i / 420.0) + 0.06 * random.nextGaussian();
    }
    double[] ex = IntStream.rangeClosed(0, 10).mapToDouble(i -> i * 200).toArray();
    double[] ey =
        IntStream.rangeClosed(0, 10).mapToDouble(i -> 1.3 + 4.4 * Math.exp(-i / 1.4)).toArray();
    double[] low = IntStream.range(0, 11).mapToDouble(i -> ey[i] - 0.25).toArray();
    double[] high = IntStream.range(0, 11).mapToDouble(i -> ey[i] + 0.25).toArray();
    List<String> skills =
        List.of(
            "carry-less addition",
            "addition",
            "multi-step sums",
            "word translation",
            "phrase translation",
            "sentence translation",
            "one-hop questions",
            "two-hop questions",
            "sorting",
            "counting",
            "comparison",
            "commonsense");
    List<Interval> model =
        IntStream.range(0, 12)
            .mapToObj(i -> new Interval(0.9 - i * 0.06, 0.83 - i * 0.06, 0.95 - i * 0.055))
            .toList();
    double[] usual = IntStream.range(0, 12).mapToDouble(i -> 0.05 + 0.02 * (i % 4)).toArray();
    double[] size = IntStream.range(0, 60).mapToDouble(i -> Math.pow(10, 3 + i / 15.0)).toArray();
    double[] speed =
        IntStream.range(0, 60)
            .mapToDouble(i -> 8e5 * Math.pow(size[i], -0.4) * Math.exp(0.2 * random.nextGaussian()))
            .toArray();
    return Report.titled("One model’s first life")
        .subtitle("Seed 1 · 2 cores, 24 GB · 4 min 31 s from text to talk")
        .figure("bits per byte, held out", "1.42", "0.87 × the 5-gram over bytes")
        .figure("skills", "61 %", "3.9 × the most frequent answer")
        .figure("training speed", "7,330 tok/s", "6.52 M parameters, bf16")
        .figure("memory", "1.32 GB", "resident at the end")
        .paragraph(
            "A small Llama was grown from 12.4 MB of text. Below is what went in, what each step"
                + " did to the model beside what the usual way would have done, and the command"
                + " that repeats each figure.")
        .section("Pretraining")
        .chart(
            Chart.lines("Loss while training")
                .x("step")
                .y("bits per byte")
                .series("this model", x, train)
                .series("the usual schedule", x, gram)
                .series("held out", ex, ey, low, high)
                .mark(1.63, "5-gram over bytes")
                .caption("Bands are 95 % bootstrap intervals over documents."))
        .command("./banyan train life/pretrain.yaml --report loss.html")
        .section("Skills")
        .chart(
            Chart.bars("Answers that a checker accepts", skills)
                .y("share right")
                .series("this model", model)
                .series("most frequent answer", usual))
        .chart(
            Chart.bars("Text by domain", List.of("stories", "dialogue", "code", "proteins"))
                .y("megabytes")
                .series("", new double[] {5.2, 3.1, 2.4, 0.7}))
        .table(
            Table.of("model", "bits per byte", "tokens/s", "interval")
                .row("Banyan", 1.42, 7330, new Interval(1.42, 1.39, 1.45))
                .row("5-gram over bytes", 1.63, 1_250_000, new Interval(1.63, 1.6, 1.66))
                .row("5-gram over tokens", 1.48, 980_000, new Interval(1.48, 1.45, 1.51))
                .best("bits per byte", Table.Best.LOWEST)
                .best("tokens/s", Table.Best.HIGHEST)
                .caption("Lower bits per byte are better; the best of a column is marked."))
        .section("Speed")
        .chart(
            Chart.scatter("Speed over size")
                .x("parameters")
                .y("tokens per second")
                .logX()
                .logY()
                .series("f32", size, speed)
                .series(
                    "bf16",
                    size,
                    IntStream.range(0, 60).mapToDouble(i -> speed[i] * 1.9).toArray()))
        .note("Measured while other work ran on the same cores; take it as ± 20 %.")
        .section("Talk")
        .sample("You", "Who lives in the house by the river?")
        .sample("The model", "Mara lives in the house by the river.\nShe keeps bees & <bread>.")
        .list(List.of("Everything here was made on this machine.", "Nothing was downloaded."))
        .image(picture(), "image/png", "a green gradient", "A picture inside the page.");
  }

  static byte[] picture() throws IOException {
    var image =
        new java.awt.image.BufferedImage(320, 90, java.awt.image.BufferedImage.TYPE_INT_RGB);
    for (int y = 0; y < 90; y++) {
      for (int x = 0; x < 320; x++) {
        image.setRGB(x, y, (40 << 16) | ((90 + x / 3) << 8) | (60 + y));
      }
    }
    var bytes = new ByteArrayOutputStream();
    ImageIO.write(image, "png", bytes);
    return bytes.toByteArray();
  }
}
