package dev.banyan.model;

import dev.banyan.core.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** An adapter's folder with any tensors, written byte by byte as the safetensors format says. */
final class WrittenAdapter {
  private final Map<String, Map<String, Object>> header = new LinkedHashMap<>();
  private final ByteArrayOutputStream data = new ByteArrayOutputStream();

  /** Adds an F32 tensor of normal numbers around {@code mean}. */
  WrittenAdapter with(
      String name, RandomGenerator random, double mean, double deviation, int... shape) {
    int count = 1;
    for (int size : shape) {
      count *= size;
    }
    ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      bytes.putFloat((float) random.nextGaussian(mean, deviation));
    }
    int from = data.size();
    data.writeBytes(bytes.array());
    header.put(
        name, Map.of("dtype", "F32", "shape", shape, "data_offsets", List.of(from, data.size())));
    return this;
  }

  /** Both matrices of a linear layer. */
  WrittenAdapter lora(String module, RandomGenerator random, int rank, int inputs, int outputs) {
    String name = "base_model.model." + module;
    return with(name + ".lora_A.weight", random, 0, 0.2, rank, inputs)
        .with(name + ".lora_B.weight", random, 0, 0.2, outputs, rank);
  }

  /** Factors of a linear layer's outputs, {@code [n, 1]}, or inputs, {@code [1, n]}. */
  WrittenAdapter ia3(String module, RandomGenerator random, int... shape) {
    return with("base_model.model." + module + ".ia3_l", random, 1, 0.3, shape);
  }

  Path write(Path folder, String config) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve(Adapter.CONFIG), config);
    byte[] json = Json.mapper().writeValueAsString(header).getBytes(StandardCharsets.UTF_8);
    ByteBuffer file =
        ByteBuffer.allocate(8 + json.length + data.size()).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(json.length).put(json).put(data.toByteArray());
    Files.write(folder.resolve(Adapter.WEIGHTS), file.array());
    return folder;
  }
}
