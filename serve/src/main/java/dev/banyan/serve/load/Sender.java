package dev.banyan.serve.load;

import dev.banyan.core.Progress;
import dev.banyan.serve.LoadAnswer;
import dev.banyan.serve.LoadOutcome;
import dev.banyan.serve.LoadRequest;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Sends requests at their times, whatever became of those before. For one run. */
public final class Sender {
  private static final double NANOS = 1e9;

  private final Client client;
  private final Queue<LoadAnswer> answers = new ConcurrentLinkedQueue<>();
  private final AtomicInteger open = new AtomicInteger();
  private final AtomicInteger failed = new AtomicInteger();
  private final AtomicInteger mostOpen = new AtomicInteger();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private volatile boolean stopped;
  private volatile @Nullable Thread sending;

  public Sender(Client client) {
    this.client = client;
  }

  /** Sends all and waits for their ends. */
  public LoadOutcome run(List<LoadRequest> requests, Progress progress) {
    sending = Thread.currentThread();
    var patience = new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().factory());
    patience.setRemoveOnCancelPolicy(true);
    int sent = 0;
    long begun = System.nanoTime();
    try (threads) {
      for (LoadRequest each : requests) {
        long due = begun + (long) (each.arrivalSeconds() * NANOS);
        if (!waitUntil(due)) {
          break;
        }
        int number = sent++;
        mostOpen.accumulateAndGet(open.incrementAndGet(), Math::max);
        Future<?> answering = threads.submit(() -> answer(number, each, due, progress));
        Future<?> unused =
            patience.schedule(
                () -> answering.cancel(true), client.patience().toMillis(), TimeUnit.MILLISECONDS);
      }
      // closing waits for what is open
    } finally {
      patience.shutdownNow();
    }
    double seconds =
        answers.stream()
            .mapToDouble(each -> each.arrivalSeconds() + each.seconds())
            .max()
            .orElse(0);
    return new LoadOutcome(
        answers.stream().sorted(Comparator.comparingInt(LoadAnswer::request)).toList(),
        requests.size() - sent,
        mostOpen.get(),
        seconds);
  }

  /** No more is sent; open requests are left. */
  public void stop() {
    stopped = true;
    Thread thread = sending;
    if (thread != null) {
      LockSupport.unpark(thread);
    }
    threads.shutdownNow();
  }

  private boolean waitUntil(long due) {
    long left = due - System.nanoTime();
    while (left > 0 && !stopped) {
      LockSupport.parkNanos(left);
      left = due - System.nanoTime();
    }
    return !stopped;
  }

  private void answer(int number, LoadRequest request, long due, Progress progress) {
    LoadAnswer answer = client.ask(number, request, due);
    if (stopped && !answer.answered()) {
      answer = stopped(answer);
    }
    answers.add(answer);
    int left = open.decrementAndGet();
    int wrong = answer.failed() ? failed.incrementAndGet() : failed.get();
    progress.step(answers.size(), "%d open, %d failed".formatted(left, wrong));
  }

  private static LoadAnswer stopped(LoadAnswer of) {
    return new LoadAnswer(
        of.request(),
        of.arrivalSeconds(),
        of.lateSeconds(),
        of.firstSeconds(),
        of.tokenSeconds(),
        of.seconds(),
        of.promptTokens(),
        of.outputTokens(),
        of.text(),
        LoadAnswer.STOPPED,
        "");
  }
}
