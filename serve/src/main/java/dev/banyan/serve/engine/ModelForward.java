package dev.banyan.serve.engine;

import dev.banyan.model.Adapter;
import dev.banyan.model.Batch;
import dev.banyan.model.LanguageModel;
import dev.banyan.model.LoadedAdapter;
import dev.banyan.model.Opening;
import dev.banyan.model.Tokenizer;
import dev.banyan.tensor.Guard;
import dev.banyan.tensor.Scope;
import dev.banyan.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A model over paged memory. */
public final class ModelForward implements Forward {
  private final LanguageModel model;
  private final PagedKvStore kv;
  private final long blockBytes;
  private final Map<String, LoadedAdapter> adapters = new LinkedHashMap<>();
  private final Vocabulary vocabulary;

  private ModelForward(
      LanguageModel model, PagedKvStore kv, long blockBytes, Vocabulary vocabulary) {
    this.model = model;
    this.kv = kv;
    this.blockBytes = blockBytes;
    this.vocabulary = vocabulary;
  }

  /**
   * Opens a model folder.
   *
   * @param adapters folders of adapters, by name; only such as change layers, no virtual tokens
   * @throws dev.banyan.core.UserInputException when one of them is not sound
   */
  public static ModelForward open(
      Path folder, Opening opening, Map<String, String> adapters, Engine.Size size) {
    LanguageModel model = LanguageModel.open(folder, opening);
    var kv =
        new PagedKvStore(model.config(), size.blocks(), size.blockTokens(), size.mostRequests());
    long blockBytes = PagedKvStore.blockBytes(model.config(), size.blockTokens());
    var vocabulary = Vocabulary.of(Tokenizer.open(folder), model.config().vocabSize());
    var forward = new ModelForward(model, kv, blockBytes, vocabulary);
    adapters.forEach(
        (name, path) -> forward.adapters.put(name, model.load(Adapter.open(Path.of(path)))));
    return forward;
  }

  @Override
  public List<float[]> step(List<Piece> pieces) {
    List<Batch.Piece> batch = new ArrayList<>(pieces.size());
    boolean every = false;
    for (Piece each : pieces) {
      if (each.begins()) {
        kv.lay(each.sequence(), each.blocks(), each.past());
      }
      every |= each.everyScore();
      batch.add(
          new Batch.Piece(each.sequence(), each.past(), each.ids(), adapters.get(each.adapter())));
    }
    try (Scope scope = Scope.open();
        Guard guard = Guard.noGrad()) {
      Batch ragged = Batch.ragged(batch);
      Tensor scores = every ? model.forward(ragged, kv) : model.forwardLast(ragged, kv);
      int width = (int) scores.size(1);
      float[] all = scores.toFloats();
      List<float[]> each = new ArrayList<>(pieces.size());
      int row = 0;
      for (Piece piece : pieces) {
        int rows = every ? piece.ids().length : 1;
        int from = every && !piece.everyScore() ? row + rows - 1 : row;
        each.add(Arrays.copyOfRange(all, from * width, (row + rows) * width));
        row += rows;
      }
      return each;
    }
  }

  @Override
  public ByteBuffer block(int block) {
    return kv.block(block);
  }

  @Override
  public void prepare(int block) {
    kv.prepare(block);
  }

  @Override
  public long blockBytes() {
    return blockBytes;
  }

  @Override
  public @Nullable Guide guide(String schema) {
    return JsonGuide.of(schema, vocabulary);
  }

  /** Positions the model was made for. */
  public int maxPositions() {
    return model.config().maxPositions();
  }

  /** Rows of the embedding. */
  public int vocabSize() {
    return model.config().vocabSize();
  }

  @Override
  public void close() {
    kv.close();
    model.close();
  }
}
