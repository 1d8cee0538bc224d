package dev.banyan.serve.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class TripTest {
  /** A conversation begins with a part that only says who speaks. */
  @Test
  void aPartWithoutTokensIsNotTheFirst() {
    var trip = new Trip();
    trip.tokens(0);
    assertThat(trip.firstToken).isZero();
    trip.tokens(2);
    long first = trip.firstToken;
    assertThat(first).isPositive();
    trip.token();
    assertThat(trip.firstToken).isEqualTo(first);
    assertThat(trip.answerTokens()).isEqualTo(3);
  }

  @Test
  void anAnswerThatCameWholeHasTokensAndNoFirst() {
    var trip = new Trip();
    trip.counted(5);
    assertThat(trip.answerTokens()).isEqualTo(5);
    assertThat(trip.firstToken).isZero();
  }
}
