package dev.banyan.weights.config;

import dev.banyan.core.UserInputException;
import dev.banyan.weights.StoredType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What {@code config.json} says about a decoder model, in the spellings of transformers 4 and 5 and
 * with transformers' defaults for the keys it leaves out.
 *
 * @param intermediateSize width inside a dense feed-forward layer
 * @param mlpBias dense feed-forward layers have biases
 * @param experts null for a model without experts
 * @param tiedEmbeddings the output matrix is the embedding matrix
 * @param maxPositions longest text the model was made for
 * @param initializerRange standard deviation of fresh weights
 * @param type what the weights are said to be stored as; null when not said
 * @param otherKeys every key that is none of the above, kept to be written back
 */
public record ModelConfig(
    Family family,
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int layers,
    AttentionConfig attention,
    boolean mlpBias,
    @Nullable ExpertsConfig experts,
    RopeConfig rope,
    double rmsNormEps,
    boolean tiedEmbeddings,
    int maxPositions,
    double initializerRange,
    SpecialTokens tokens,
    @Nullable StoredType type,
    SortedMap<String, JsonNode> otherKeys) {
  /** The file's name in a model folder. */
  public static final String FILE = "config.json";

  public ModelConfig {
    otherKeys = Collections.unmodifiableSortedMap(new TreeMap<>(otherKeys));
    if (attention.windows().size() != layers) {
      throw new IllegalArgumentException(
          attention.windows().size() + " windows for " + layers + " layers");
    }
    if (experts != null && !family.hasExperts()) {
      throw new IllegalArgumentException(family.modelType() + " has no experts");
    }
    if (!(rmsNormEps >= 0)) {
      throw new IllegalArgumentException("rms_norm_eps " + rmsNormEps + " is negative");
    }
  }

  /**
   * Reads {@code config.json}.
   *
   * @throws UserInputException when the file is missing, no JSON, of an unknown family, or has a
   *     value that cannot be, naming the key
   */
  public static ModelConfig read(Path file) {
    try {
      return parse(file.toString(), Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UserInputException(
          file + ": cannot be read; a model folder needs its config.json", e);
    }
  }

  /** As {@link #read}, from bytes; {@code file} is the name for messages. */
  public static ModelConfig parse(String file, byte[] json) {
    return ConfigReader.read(file, json);
  }

  /**
   * The text of a {@code config.json} that transformers 4.57 and 5 both read: keys sorted, and
   * where the two spell a thing differently, both spellings.
   */
  public String toJson() {
    return ConfigWriter.write(this);
  }

  /** Whether layer {@code layer}, counted from 0, is a mixture of experts. */
  public boolean hasExperts(int layer) {
    return experts != null && experts.has(layer);
  }

  /** This model with weights stored as {@code other}. */
  public ModelConfig withType(StoredType other) {
    return new ModelConfig(
        family,
        vocabSize,
        hiddenSize,
        intermediateSize,
        layers,
        attention,
        mlpBias,
        experts,
        rope,
        rmsNormEps,
        tiedEmbeddings,
        maxPositions,
        initializerRange,
        tokens,
        other,
        otherKeys);
  }
}
