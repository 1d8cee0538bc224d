package dev.banyan.serve.gateway;

import dev.banyan.serve.wire.Token;
import dev.banyan.serve.wire.TokenRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A request on its way through the cluster, as its client's thread sees it. */
final class Stream {
  final long id;
  final TokenRequest asked;
  final long begun = System.nanoTime();

  /** Tokens the client has, or will have: what another instance goes on from. */
  final List<Integer> emitted = new ArrayList<>();

  int moves;

  /** Instances that died while they had it. */
  int deaths;

  volatile List<Token> prompt = List.of();
  private final LinkedBlockingQueue<Token> tokens = new LinkedBlockingQueue<>();
  private final Semaphore bell;

  /**
   * Not asked for yet.
   *
   * @param bell rung with each token; that of all answers to one client
   */
  Stream(long id, TokenRequest asked, Semaphore bell) {
    this.id = id;
    this.asked = asked;
    this.bell = bell;
  }

  void put(Token token) {
    tokens.add(token);
    bell.release();
  }

  /** A token that is there already; null when none is. */
  @Nullable Token poll() {
    return tokens.poll();
  }

  /** The next token; null when none came in time. */
  @Nullable Token next(long millis) throws InterruptedException {
    return tokens.poll(millis, TimeUnit.MILLISECONDS);
  }
}
