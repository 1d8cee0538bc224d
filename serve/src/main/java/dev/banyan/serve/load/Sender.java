package dev.banyan.serve.load;

import dev.banyan.core.Progress;
import dev.banyan.serve.LoadAnswer;
import dev.banyan.serve.LoadOutcome;
import dev.banyan.serve.LoadRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/** Sends requests at their times, whatever became of those before. For one run. */
public final class Sender {
  private static final double NANOS = 1e9;

  private final Client client;
  private final AtomicInteger open = new AtomicInteger();
  private final AtomicInteger ended = new AtomicInteger();
  private final AtomicInteger failed = new AtomicInteger();
  private final AtomicInteger mostOpen = new AtomicInteger();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private volatile boolean stopped;
  private volatile @Nullable Thread sending;

  public Sender(Client client) {
    this.client = client;
  }

  /** Sends all and waits for their ends, or until it is stopped. */
  public LoadOutcome run(List<LoadRequest> requests, Progress progress) {
    sending = Thread.currentThread();
    var answers = new AtomicReferenceArray<LoadAnswer>(requests.size());
    var patience = new ScheduledThreadPoolExecutor(1, Thread.ofPlatform().daemon().factory());
    patience.setRemoveOnCancelPolicy(true);
    int sent = 0;
    long begun = System.nanoTime();
    try {
      for (LoadRequest each : requests) {
        long due = begun + (long) (each.arrivalSeconds() * NANOS);
        if (!waitUntil(due)) {
          break;
        }
        int number = sent++;
        mostOpen.accumulateAndGet(open.incrementAndGet(), Math::max);
        Future<?> answering = threads.submit(() -> answer(number, each, due, answers, progress));
        Future<?> unused =
            patience.schedule(
                () -> answering.cancel(true), client.patience().toMillis(), TimeUnit.MILLISECONDS);
      }
      while (open.get() > 0 && !stopped) {
        LockSupport.park(this);
      }
      return outcome(requests, sent, begun, answers);
    } finally {
      // thousands of streams take long to close: what was measured does not wait for them
      patience.shutdownNow();
      threads.shutdownNow();
    }
  }

  private LoadOutcome outcome(
      List<LoadRequest> requests, int sent, long begun, AtomicReferenceArray<LoadAnswer> answers) {
    long now = System.nanoTime();
    List<LoadAnswer> all = new ArrayList<>(sent);
    double seconds = 0;
    for (int i = 0; i < sent; i++) {
      LoadAnswer answer = answers.get(i);
      if (answer == null) {
        answer = LoadAnswer.stopped(i, requests.get(i).arrivalSeconds(), (now - begun) / NANOS);
      }
      all.add(answer);
      seconds = Math.max(seconds, answer.arrivalSeconds() + answer.seconds());
    }
    return new LoadOutcome(all, requests.size() - sent, mostOpen.get(), seconds);
  }

  /** No more is sent, and what is open is not waited for. */
  public void stop() {
    stopped = true;
    LockSupport.unpark(sending);
  }

  private boolean waitUntil(long due) {
    long left = due - System.nanoTime();
    while (left > 0 && !stopped) {
      LockSupport.parkNanos(left);
      left = due - System.nanoTime();
    }
    return !stopped;
  }

  private void answer(
      int number,
      LoadRequest request,
      long due,
      AtomicReferenceArray<LoadAnswer> answers,
      Progress progress) {
    try {
      LoadAnswer answer = client.ask(number, request, due);
      if (stopped) {
        return; // it ended because it was left, or too late to count
      }
      answers.set(number, answer);
      int wrong = answer.failed() ? failed.incrementAndGet() : failed.get();
      progress.step(ended.incrementAndGet(), "%d open, %d failed".formatted(open.get() - 1, wrong));
    } finally {
      if (open.decrementAndGet() == 0) {
        LockSupport.unpark(sending);
      }
    }
  }
}
