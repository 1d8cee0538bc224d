package dev.banyan.tensor;

import dev.banyan.core.CacheFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.bytedeco.pytorch.global.torch;

/**
 * Starts libtorch once per process. Environment, allocator and cache folder have to be set before
 * the first native class loads, so every door of this room comes through here.
 *
 * <p>What is set and why: OpenBLAS would choose a kernel without AVX-512 on some machines that have
 * it ({@code OPENBLAS_CORETYPE}); its own thread pool fights with OpenMP's unless it is one thread
 * (inference, bf16) or as many as the process may use (f32 training); and glibc by default returns
 * large blocks to the system at each free, which makes every training step fault its memory in anew
 * ({@code mallopt}).
 */
public final class Libtorch {
  /** What the process will mostly do; decides who gets the threads. */
  public enum Use {
    /** Inference and bf16 training: OpenMP has all threads, OpenBLAS one. */
    INFERENCE,
    /** f32 training: OpenMP and OpenBLAS have all threads in turn. */
    TRAIN_F32
  }

  private static final List<String> AVX512 =
      List.of("avx512f", "avx512dq", "avx512bw", "avx512vl", "avx512cd");
  private static final int M_TRIM_THRESHOLD = -1;
  private static final int M_TOP_PAD = -2;
  private static final int M_MMAP_THRESHOLD = -3;
  private static final int M_ARENA_MAX = -8;

  /** Process-wide because libtorch is: null until started. */
  @SuppressWarnings("NonFinalStaticField")
  private static volatile boolean started;

  private Libtorch() {}

  /**
   * Starts libtorch for this use. Later calls only change the number of OpenMP threads.
   *
   * @param threads 1 or more
   */
  public static synchronized void start(Use use, int threads) {
    if (threads < 1) {
      throw new IllegalArgumentException("threads = " + threads + ", must be at least 1");
    }
    if (!started) {
      prepareProcess(use == Use.TRAIN_F32 ? threads : 1, threads);
      started = true;
    }
    torch.set_num_threads(threads);
  }

  /** Starts libtorch for inference on every core, unless it runs already. */
  static void ensureStarted() {
    if (!started) {
      synchronized (Libtorch.class) {
        if (!started) {
          start(Use.INFERENCE, Runtime.getRuntime().availableProcessors());
        }
      }
    }
  }

  /** OpenMP threads that libtorch uses inside one operation. */
  public static int threads() {
    ensureStarted();
    return torch.get_num_threads();
  }

  /** Seeds libtorch's own generator: operators that draw do so from here on as this seed says. */
  public static void seed(long seed) {
    ensureStarted();
    torch.manual_seed(seed);
  }

  /** Whether this processor multiplies bf16 in hardware (AVX-512 BF16 or AMX). */
  public static boolean hasFastBf16() {
    List<String> flags = processorFlags();
    return flags.contains("avx512_bf16") || flags.contains("amx_bf16");
  }

  /**
   * Ends the process at once, without the libraries' own exit handlers: OpenBLAS's has been seen to
   * wait for ever for a worker of its pool. Output streams must be flushed before.
   */
  public static void exitNow(int code) {
    try (Arena arena = Arena.ofConfined()) {
      call("_exit", FunctionDescriptor.ofVoid(ValueLayout.JAVA_INT), arena).invoke(code);
    } catch (Throwable e) {
      Runtime.getRuntime().halt(code);
    }
  }

  private static void prepareProcess(int blasThreads, int ompThreads) {
    setEnvironment("OPENBLAS_NUM_THREADS", Integer.toString(blasThreads));
    setEnvironment("OMP_NUM_THREADS", Integer.toString(ompThreads));
    setEnvironment("OMP_WAIT_POLICY", "PASSIVE");
    if (processorFlags().containsAll(AVX512)) {
      setEnvironment("OPENBLAS_CORETYPE", "SkylakeX");
    }
    keepFreedMemory();
    hushVersionRemark();
    if (System.getProperty("org.bytedeco.javacpp.cachedir") == null) {
      System.setProperty("org.bytedeco.javacpp.cachedir", CacheFolder.of("javacpp").toString());
    }
  }

  /**
   * The bindings say at every start that OpenBLAS is of another release than they are, which is
   * meant; SLF4J, where it is there, gets the line instead of standard error.
   */
  private static void hushVersionRemark() {
    try {
      Class.forName("org.slf4j.Logger");
      System.setProperty("org.bytedeco.javacpp.logger", "slf4j");
    } catch (ClassNotFoundException e) {
      // then the line stands on standard error
    }
  }

  /**
   * Gives the system back what was freed and is kept for the next allocation: that of steps, and of
   * the JVM's compiler, which takes tens of megabytes for a method it meets late. The next step
   * faults its memory in anew, which costs about as much as writing it once.
   */
  public static void returnFreedMemory() {
    try (Arena arena = Arena.ofConfined()) {
      int unused =
          (int)
              call(
                      "malloc_trim",
                      FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_LONG),
                      arena)
                  .invoke(0L);
    } catch (Throwable e) {
      // another C library than glibc, which keeps less
    }
  }

  private static void keepFreedMemory() {
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, Integer.MAX_VALUE);
    mallopt(M_TOP_PAD, 64 << 20);
    mallopt(M_ARENA_MAX, 2);
  }

  private static void setEnvironment(String name, String value) {
    if (System.getenv(name) != null) {
      return; // the user's own choice stands
    }
    try (Arena arena = Arena.ofConfined()) {
      int unused =
          (int)
              call(
                      "setenv",
                      FunctionDescriptor.of(
                          ValueLayout.JAVA_INT,
                          ValueLayout.ADDRESS,
                          ValueLayout.ADDRESS,
                          ValueLayout.JAVA_INT),
                      arena)
                  .invoke(arena.allocateFrom(name), arena.allocateFrom(value), 1);
    } catch (Throwable e) {
      throw new IllegalStateException("setenv " + name + " failed", e);
    }
  }

  private static void mallopt(int parameter, int value) {
    try (Arena arena = Arena.ofConfined()) {
      int unused =
          (int)
              call(
                      "mallopt",
                      FunctionDescriptor.of(
                          ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT),
                      arena)
                  .invoke(parameter, value);
    } catch (Throwable e) {
      // another C library than glibc: only speed is lost
    }
  }

  private static MethodHandle call(String name, FunctionDescriptor type, Arena arena) {
    Linker linker = Linker.nativeLinker();
    MemorySegment function = linker.defaultLookup().find(name).orElseThrow();
    return linker.downcallHandle(function.reinterpret(arena, null), type);
  }

  private static List<String> processorFlags() {
    try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
      return lines
          .filter(line -> line.startsWith("flags"))
          .findFirst()
          .map(line -> List.of(line.substring(line.indexOf(':') + 1).trim().split(" ", -1)))
          .orElse(List.of());
    } catch (IOException | UncheckedIOException e) {
      return List.of(); // not Linux
    }
  }
}
