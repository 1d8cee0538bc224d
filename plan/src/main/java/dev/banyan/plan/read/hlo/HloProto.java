package dev.banyan.plan.read.hlo;

import dev.banyan.core.UserInputException;
import dev.banyan.plan.read.wire.Wire;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads {@code HloProto} or {@code HloModuleProto} (field numbers of xla/service/hlo.proto and
 * xla/xla_data.proto), as {@code --xla_dump_hlo_as_proto} writes them.
 */
final class HloProto {
  private static final int LIMIT_INSTRUCTIONS = 4_000_000;
  private static final long[] NONE = {};

  private final String source;
  private final Map<Long, long[]> schedule = new HashMap<>();
  private final List<HloModule.Computation> computations = new ArrayList<>();
  private final List<HloModule.Alias> aliases = new ArrayList<>();
  private String name = "";
  private String entryName = "";
  private long entry = -1;
  private int instructions;
  private @Nullable XlaAssignment assignment;

  private HloProto(String source) {
    this.source = source;
  }

  /**
   * What a file holds.
   *
   * @param assignment XLA's own buffers, where the dump has them
   */
  record Read(HloModule module, @Nullable XlaAssignment assignment) {}

  /**
   * @throws UserInputException naming the byte when it is none
   */
  static Read read(String source, ByteBuffer data) {
    var reader = new HloProto(source);
    if (isBareModule(source, data)) {
      reader.module(Wire.of(source, "the HLO module", data));
    } else {
      for (Wire wire = Wire.of(source, "the HLO file", data); wire.next(); ) {
        switch (wire.field()) {
          case 1 -> reader.module(wire.message("the HLO module"));
          case 3 -> reader.assignment = XlaAssignment.read(wire.message("the buffer assignment"));
          default -> {}
        }
      }
    }
    return new Read(reader.module(), reader.assignment);
  }

  /** A module by itself has its name first, which is text and no message of computations. */
  private static boolean isBareModule(String source, ByteBuffer data) {
    Wire wire = Wire.of(source, "the HLO file", data);
    boolean computations = false;
    boolean named = false;
    while (wire.next()) {
      named |= wire.field() == 2 && wire.isLength();
      computations |= wire.field() == 3;
    }
    return named && computations;
  }

  private HloModule module() {
    if (computations.isEmpty()) {
      throw new UserInputException(source + ": the HLO module has no computation");
    }
    long root = entry;
    for (HloModule.Computation each : computations) {
      if (root < 0 && each.name().equals(entryName)) {
        root = each.id();
      }
    }
    boolean scheduled = schedule.containsKey(root);
    List<HloModule.Computation> ordered = new ArrayList<>();
    for (HloModule.Computation each : computations) {
      long[] order = schedule.get(each.id());
      ordered.add(order == null ? each : inOrder(each, order));
    }
    return new HloModule(name, ordered, root, aliases, scheduled);
  }

  private HloModule.Computation inOrder(HloModule.Computation computation, long[] order) {
    Map<Long, HloInstruction> byId = new HashMap<>();
    computation.instructions().forEach(each -> byId.put(each.id(), each));
    List<HloInstruction> ordered = new ArrayList<>();
    for (long id : order) {
      HloInstruction each = byId.remove(id);
      if (each == null) {
        throw new UserInputException(
            "%s: the schedule of computation '%s' names instruction %d twice or out of nowhere"
                .formatted(source, computation.name(), id));
      }
      ordered.add(each);
    }
    if (!byId.isEmpty()) {
      throw new UserInputException(
          "%s: the schedule of computation '%s' leaves out instruction '%s'"
              .formatted(source, computation.name(), byId.values().iterator().next().name()));
    }
    return new HloModule.Computation(
        computation.id(), computation.name(), ordered, computation.root(), computation.fusion());
  }

  private void module(Wire wire) {
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> name = wire.text();
        case 2 -> entryName = wire.text();
        case 3 -> computations.add(computation(wire.message("computation " + computations.size())));
        case 6 -> entry = wire.number();
        case 7 -> schedule(wire.message("the schedule"));
        case 8 -> aliases(wire.message("the input-output aliases"));
        default -> {}
      }
    }
  }

  private void schedule(Wire wire) {
    while (wire.next()) {
      if (wire.field() == 1) {
        long key = 0;
        long[] ids = NONE;
        for (Wire entryOf = wire.message("a sequence"); entryOf.next(); ) {
          if (entryOf.field() == 1) {
            key = entryOf.number();
          } else if (entryOf.field() == 2) {
            for (Wire row = entryOf.message("a sequence"); row.next(); ) {
              ids = row.field() == 1 ? row.numbers(ids) : ids;
            }
          }
        }
        schedule.put(key, ids);
      }
    }
  }

  private void aliases(Wire wire) {
    while (wire.next()) {
      if (wire.field() == 1) {
        long[] output = NONE;
        long[] path = NONE;
        long parameter = 0;
        for (Wire alias = wire.message("an alias"); alias.next(); ) {
          switch (alias.field()) {
            case 1 -> output = alias.numbers(output);
            case 2 -> parameter = alias.number();
            case 3 -> path = alias.numbers(path);
            default -> {}
          }
        }
        aliases.add(new HloModule.Alias(boxed(output), parameter, boxed(path)));
      }
    }
  }

  private HloModule.Computation computation(Wire wire) {
    String called = "";
    long id = 0;
    long root = -1;
    boolean fusion = false;
    List<HloInstruction> list = new ArrayList<>();
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> called = wire.text();
        case 2 -> list.add(instruction(wire.message("an instruction of " + computations.size())));
        case 5 -> id = wire.number();
        case 6 -> root = wire.number();
        case 7 -> fusion = wire.flag();
        default -> {}
      }
    }
    instructions += list.size();
    if (instructions > LIMIT_INSTRUCTIONS) {
      throw wire.bad("more than " + LIMIT_INSTRUCTIONS + " instructions");
    }
    return new HloModule.Computation(id, called, list, root, fusion);
  }

  private HloInstruction instruction(Wire wire) {
    String called = "";
    String opcode = "";
    HloShape shape = new HloShape("opaque", List.of(), List.of(), false);
    long id = 0;
    long number = 0;
    long[] operands = NONE;
    long[] before = NONE;
    long[] calls = NONE;
    boolean effect = false;
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> called = wire.text();
        case 2 -> opcode = wire.text();
        case 3 -> shape = shape(wire.message("a shape"));
        case 9, 13 -> number = wire.number();
        case 35 -> id = wire.number();
        case 36 -> operands = wire.numbers(operands);
        case 37 -> before = wire.numbers(before);
        case 38 -> calls = wire.numbers(calls);
        case 65 -> effect = wire.flag();
        default -> {}
      }
    }
    return new HloInstruction(
        id,
        called,
        opcode,
        shape,
        boxed(operands),
        boxed(before),
        boxed(calls),
        number,
        effect || HloGraph.hasEffect(opcode));
  }

  private static HloShape shape(Wire wire) {
    long type = 0;
    long[] dimensions = NONE;
    List<HloShape> parts = new ArrayList<>();
    boolean dynamic = false;
    while (wire.next()) {
      switch (wire.field()) {
        case 2 -> type = wire.number();
        case 3 -> dimensions = wire.numbers(dimensions);
        case 4 -> parts.add(shape(wire.message("a tuple's shape")));
        case 6 -> dynamic |= wire.isLength() ? anySet(wire.bytes()) : wire.flag();
        default -> {}
      }
    }
    String word = HloType.name(type);
    if (word.isEmpty()) {
      throw wire.bad("element type " + type + " is unknown");
    }
    for (long dimension : dimensions) {
      if (dimension < 0) {
        throw wire.bad("a dimension is " + dimension + "; unbounded sizes have no plan");
      }
    }
    return new HloShape(word, boxed(dimensions), parts, dynamic);
  }

  private static boolean anySet(byte[] flags) {
    for (byte each : flags) {
      if (each != 0) {
        return true;
      }
    }
    return false;
  }

  private static List<Long> boxed(long[] numbers) {
    return Arrays.stream(numbers).boxed().toList();
  }
}
