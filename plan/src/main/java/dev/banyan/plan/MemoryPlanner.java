package dev.banyan.plan;

import dev.banyan.core.Seed;
import dev.banyan.plan.caching.Replay;
import dev.banyan.plan.check.CopyChecker;
import dev.banyan.plan.check.PlanChecker;
import dev.banyan.plan.graph.Block;
import dev.banyan.plan.graph.Dag;
import dev.banyan.plan.graph.Loads;
import dev.banyan.plan.integer.Model;
import dev.banyan.plan.layout.LongLivedFirst;
import dev.banyan.plan.layout.SizeFirst;
import dev.banyan.plan.order.CutOrder;
import dev.banyan.plan.order.Lescea;
import dev.banyan.plan.order.OrderMethod;
import dev.banyan.plan.order.Rivals;
import dev.banyan.plan.read.GraphReader;
import dev.banyan.plan.read.PlanReader;
import dev.banyan.plan.recompute.Rematerializer;
import dev.banyan.plan.write.ExporterFiles;
import dev.banyan.plan.write.PlanWriter;
import dev.banyan.plan.write.StepDumpWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * The order of a step's operators and the places of its tensors that need the least memory.
 *
 * <pre>{@code
 * StepGraph graph = MemoryPlanner.read(Path.of("step.json.gz"));
 * MemoryPlan plan = MemoryPlanner.plan(graph, PlanOptions.standard());
 * MemoryPlanner.write(plan, Path.of("plan.json"));
 * }</pre>
 */
public final class MemoryPlanner {
  /** The part of the time that may go into the order; the layout has the rest. */
  private static final double ORDER_SHARE = 0.5;

  /** The layout ends a little early, so that the whole keeps to its time. */
  private static final double LAYOUT_END = 0.95;

  /** What the layout may try: the same on every machine that is not too slow for it. */
  private static final long LAYOUT_NODES = 3_000_000;

  /** How often the target is lowered when the layout needs more than the load. */
  private static final int RECOMPUTE_ROUNDS = 3;

  private MemoryPlanner() {}

  /**
   * Reads a graph, its format told by its content: a step dump (plain or gzip), a {@code
   * torch.export} archive, XLA's HLO (protobuf or text), or ONNX.
   *
   * @throws dev.banyan.core.UserInputException when it is none of these, or makes no sense
   */
  public static StepGraph read(Path file) throws IOException {
    return GraphReader.read(file);
  }

  /**
   * What the compiler that wrote a file reached on the same graph: XLA's own order and heap, where
   * an HLO dump has them.
   */
  public static Optional<PlanRow> own(Path file) throws IOException {
    return GraphReader.own(file);
  }

  /**
   * Plans a step: the order first, then the layout for that order.
   *
   * @return a plan whose peak is at most that of program order and of every published order
   */
  public static MemoryPlan plan(StepGraph graph, PlanOptions options) {
    long start = options.nanoTime().getAsLong();
    Dag dag = Dag.of(graph);
    long half = start + (long) (options.seconds() * ORDER_SHARE * 1e9);
    long end = start + (long) (options.seconds() * LAYOUT_END * 1e9);
    CutOrder.Found found =
        CutOrder.order(dag, Rivals.all(), () -> options.nanoTime().getAsLong() - half > 0);
    var budget = Budget.nodes(LAYOUT_NODES, () -> options.nanoTime().getAsLong() - end > 0);
    Layout layout = LayoutPlanner.lay(buffers(dag, found.order(), graph), options.seed(), budget);
    return laidOut(graph, dag, found, layout, options.seed());
  }

  /**
   * A plan within a budget that no order reaches, by running operators again: a graph with copies
   * of operators, which is executed like any other, and its plan.
   *
   * @param plan a plan of {@code graph}, whose order is where the search begins
   * @param budgetBytes what the arena may have
   * @return the cheapest found within the budget, or the smallest when none was found
   */
  public static Recomputation recompute(
      StepGraph graph, MemoryPlan plan, long budgetBytes, PlanOptions options) {
    long start = options.nanoTime().getAsLong();
    long end = start + (long) (options.seconds() * 1e9);
    BooleanSupplier late = () -> options.nanoTime().getAsLong() - end > 0;
    var again = new Rematerializer(graph, late);
    Rematerializer.Found usual = again.checkpoints(plan.order());
    long target = Math.max(budgetBytes, again.touchedBytes(again.widest()));
    Recomputation best =
        recomputed(graph, again, again.below(plan.order(), target), usual, budgetBytes, options);
    for (int round = 1; round < RECOMPUTE_ROUNDS; round++) {
      if (best.fits() || late.getAsBoolean() || budgetBytes < best.floorBytes()) {
        break;
      }
      // The layout needed more than the load: aim lower by what it was too much.
      target -= best.plan().arenaBytes() - budgetBytes;
      Rematerializer.Found found = again.below(plan.order(), target);
      Recomputation now = recomputed(graph, again, found, usual, budgetBytes, options);
      best = now.plan().arenaBytes() < best.plan().arenaBytes() ? now : best;
    }
    return best;
  }

  private static Recomputation recomputed(
      StepGraph graph,
      Rematerializer again,
      Rematerializer.Found found,
      Rematerializer.Found usual,
      long budgetBytes,
      PlanOptions options) {
    int widest = again.widest();
    return new Recomputation(
        found.graph(),
        plan(found.graph(), options),
        budgetBytes,
        found.copies(),
        found.extraFlops(),
        again.stepFlops(),
        again.touchedBytes(widest),
        graph.operators().get(widest).name(),
        usual.peakBytes(),
        usual.extraFlops());
  }

  /**
   * What MODeL, whose integer programs are the strongest rival, comes to in so much time; the
   * solver is CP-SAT.
   */
  public static ModelOutcome model(StepGraph graph, double seconds, LongSupplier nanoTime) {
    return Model.solve(graph, seconds, nanoTime);
  }

  /** Whether a graph computes what another does, with copies of its operators; one line a fault. */
  public static List<String> checkCopies(StepGraph original, StepGraph withCopies) {
    return CopyChecker.check(original, withCopies);
  }

  /** Writes a graph as a step dump, gzip when the name ends in {@code .gz}, atomically. */
  public static void write(StepGraph graph, Path file) throws IOException {
    StepDumpWriter.write(graph, file);
  }

  /** The storages of an order as buffers, in the order of {@link Dag#storageId}. */
  private static Buffers buffers(Dag dag, int[] order, StepGraph graph) {
    int[][] life = Loads.lifetimes(dag, order);
    List<Buffer> buffers = new ArrayList<>(dag.m);
    for (int s = 0; s < dag.m; s++) {
      buffers.add(new Buffer(dag.size[s], life[0][s], life[1][s] + 1L, graph.alignment()));
    }
    return new Buffers(buffers);
  }

  private static MemoryPlan laidOut(
      StepGraph graph, Dag dag, CutOrder.Found found, Layout layout, Seed seed) {
    Long[] all = new Long[graph.storages().size()];
    Arrays.fill(all, MemoryPlan.OUTSIDE);
    for (int s = 0; s < dag.m; s++) {
      all[dag.storageId[s]] = layout.offsetBytes(s);
    }
    List<Integer> order = new ArrayList<>(found.order().length);
    for (int operator : found.order()) {
      order.add(operator);
    }
    return new MemoryPlan(
        StepDumpWriter.hash(graph),
        order,
        List.of(all),
        graph.alignment(),
        found.peakBytes(),
        found.bound().bytes(),
        found.bound().operator(),
        Arrays.stream(found.bound().later()).boxed().toList(),
        layout.arenaBytes(),
        found.steps() + ", " + layout.method(),
        seed.value());
  }

  /**
   * Every published order with size-first layout, the pairs the field compares (program order in
   * PyTorch's caching allocator, LESCEA with LLFB), ours, and the bound.
   */
  public static List<PlanRow> compare(StepGraph graph, PlanOptions options) {
    List<PlanRow> rows = new ArrayList<>();
    Dag dag = Dag.of(graph);
    Block block = Block.whole(dag, dag.programOrder());
    LongSupplier clock = options.nanoTime();
    rows.add(
        new PlanRow(
            "program, caching",
            Loads.peak(dag, dag.programOrder()),
            Replay.reservedBytes(dag, dag.programOrder()),
            0));
    for (OrderMethod method : Rivals.all()) {
      long start = clock.getAsLong();
      int[] order = method.order(block);
      boolean llfb = method instanceof Lescea;
      LayoutMethod layout = llfb ? new LongLivedFirst() : new SizeFirst(false);
      long arena =
          layout.lay(buffers(dag, order, graph), 0, Budget.nodes(LAYOUT_NODES)).arenaBytes();
      rows.add(
          new PlanRow(
              method.name() + (llfb ? ", LLFB" : ", size first"),
              block.peak(order),
              arena,
              (clock.getAsLong() - start) / 1e9));
    }
    long start = clock.getAsLong();
    MemoryPlan ours = plan(graph, options);
    double took = (clock.getAsLong() - start) / 1e9;
    rows.add(new PlanRow("Banyan", ours.peakBytes(), ours.arenaBytes(), took));
    rows.add(new PlanRow("lower bound", ours.lowerBoundBytes(), 0, 0));
    return rows;
  }

  /** The storages of a plan as buffers, those of {@link #inArena} in that order. */
  public static Buffers buffers(StepGraph graph, MemoryPlan plan) {
    int[] order = plan.order().stream().mapToInt(Integer::intValue).toArray();
    return buffers(Dag.of(graph), order, graph);
  }

  /** The storages that lie in the arena, by id. */
  public static List<Storage> inArena(StepGraph graph) {
    List<Storage> storages = new ArrayList<>();
    for (int id : Dag.of(graph).storageId) {
      storages.add(graph.storages().get(id));
    }
    return storages;
  }

  /** What a plan is worth beside program order and PyTorch's allocator. */
  public static PlanFigures figures(StepGraph graph, MemoryPlan plan) {
    Dag dag = Dag.of(graph);
    long caching = Replay.reservedBytes(dag, dag.programOrder());
    return new PlanFigures(
        graph.operators().size(),
        graph.storages().size(),
        graph.persistentBytes(),
        Loads.peak(dag, dag.programOrder()),
        caching,
        plan.peakBytes(),
        plan.lowerBoundBytes(),
        plan.orderGap(),
        plan.arenaBytes(),
        plan.fragmentation(),
        caching == 0 ? 0 : (caching - plan.arenaBytes()) / (double) caching);
  }

  /** Bytes live while each step of an order runs. */
  public static long[] loads(StepGraph graph, List<Integer> order) {
    return Loads.of(Dag.of(graph), order.stream().mapToInt(Integer::intValue).toArray());
  }

  /** The graph's SHA-256, which its plans carry. */
  public static String hash(StepGraph graph) {
    return StepDumpWriter.hash(graph);
  }

  /** Holds a plan against a graph; nothing of what made the plan is used. */
  public static PlanCheck check(StepGraph graph, MemoryPlan plan) {
    return PlanChecker.check(graph, StepDumpWriter.hash(graph), plan);
  }

  /**
   * Reads a plan.
   *
   * @throws dev.banyan.core.UserInputException when it is none
   */
  public static MemoryPlan readPlan(Path file) throws IOException {
    return PlanReader.read(file);
  }

  /** Writes a plan, atomically. */
  public static void write(MemoryPlan plan, Path file) throws IOException {
    PlanWriter.write(plan, file);
  }

  /** Writes the exporter's Python files into a folder; their paths. */
  public static List<Path> writeExporter(Path folder) throws IOException {
    return ExporterFiles.write(folder);
  }
}
