package dev.banyan.serve.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SidesTest {
  private static final Migration MIGRATION = new Migration(9, 1, 1, 0, 1);
  private static final RequestState REQUEST = new RequestState(60, 10, 15, "");
  private static final DestinationSide.Memory PLENTY = (blocks, first) -> true;

  private final SourceSide source = new SourceSide(MIGRATION, 2, 3, 1);
  private final DestinationSide destination = new DestinationSide(MIGRATION, 3);
  private final Ownership gateway = new Ownership();

  @Test
  void aSourceThatLostTheAnswerToItsCommitAsksBeforeItResumes() {
    gateway.begin(9, 0);
    toCommitting();
    // The destination's claim was granted, its answer to the source was lost.
    assertThat(gateway.claim(new Message.Claim(MIGRATION, 1)).granted()).isTrue();
    List<SourceSide.Action> late = source.tick(100);
    assertThat(late).containsExactly(new SourceSide.Action.ToGateway(new Message.Ask(MIGRATION)));
    assertThat(source.on(gateway.ask(new Message.Ask(MIGRATION))))
        .containsExactly(new SourceSide.Action.Free());
    assertThat(source.state()).isEqualTo(SourceSide.State.GONE);
  }

  @Test
  void aClaimThatComesAfterTheQuestionIsRefused() {
    gateway.begin(9, 0);
    toCommitting();
    source.tick(100);
    Message.Owner answer = gateway.ask(new Message.Ask(MIGRATION));
    assertThat(answer.source()).isTrue();
    assertThat(source.on(answer)).contains(new SourceSide.Action.Resume(3, 0));
    assertThat(gateway.claim(new Message.Claim(MIGRATION, 1)).granted()).isFalse();
    assertThat(gateway.accept(9, 1, 0)).isFalse();
    assertThat(gateway.accept(9, 3, 0)).isTrue();
  }

  @Test
  void aRequestReplayedOnTheSameInstanceIsNotWhatItsOldSourceHolds() {
    gateway.begin(9, 0);
    gateway.replay(9, 1);
    gateway.replay(9, 0);
    assertThat(gateway.ask(new Message.Ask(MIGRATION)).source()).isFalse();
  }

  @Test
  void aClaimIsGrantedOnceAndToldTwice() {
    gateway.begin(9, 0);
    gateway.accept(9, 1, 0);
    Message.Claimed first = gateway.claim(new Message.Claim(MIGRATION, 1));
    assertThat(first).isEqualTo(new Message.Claimed(MIGRATION, true, 2, 1));
    assertThat(gateway.claim(new Message.Claim(MIGRATION, 1))).isEqualTo(first);
    var rival = new Migration(9, 2, 1, 0, 2);
    assertThat(gateway.claim(new Message.Claim(rival, 2)).granted()).isFalse();
  }

  @Test
  void tokensCountOnceInOrderAndFromTheOwnerOnly() {
    gateway.begin(9, 0);
    assertThat(gateway.accept(9, 1, 0)).isTrue();
    assertThat(gateway.accept(9, 1, 0)).isFalse();
    assertThat(gateway.accept(9, 1, 2)).isFalse();
    gateway.claim(new Message.Claim(MIGRATION, 1));
    assertThat(gateway.accept(9, 1, 1)).isFalse();
    assertThat(gateway.accept(9, 2, 1)).isTrue();
    assertThat(gateway.end(9)).isTrue();
    assertThat(gateway.end(9)).isFalse();
    assertThat(gateway.accept(9, 2, 2)).isFalse();
  }

  @Test
  void aDamagedBlockEndsTheMoveAndTheRequestStays() {
    source.begin(3, 0);
    destination.on(new Message.Reserve(MIGRATION, 1, 2), PLENTY, 0);
    source.on(new Message.Reserved(MIGRATION, 1, true), 3, 0);
    destination.on(new Message.Block(MIGRATION, 1, 0, 5, Checksum.of(5)), 0);
    List<DestinationSide.Action> last =
        destination.on(new Message.Block(MIGRATION, 1, 1, 6, Checksum.of(7)), 0);
    var copied = new Message.Copied(MIGRATION, 1, false);
    assertThat(last).containsExactly(new DestinationSide.Action.ToSource(copied));
    assertThat(source.on(copied, 3, 0))
        .containsExactly(new SourceSide.Action.ToDestination(new Message.Abort(MIGRATION)));
    assertThat(source.state()).isEqualTo(SourceSide.State.ABORTED);
    assertThat(destination.on(new Message.Abort(MIGRATION)))
        .containsExactly(new DestinationSide.Action.Release(2));
  }

  @Test
  void aReservationNobodyFollowsUpExpires() {
    destination.on(new Message.Reserve(MIGRATION, 1, 4), PLENTY, 10);
    assertThat(destination.tick(12.9)).isEmpty();
    assertThat(destination.tick(13)).containsExactly(new DestinationSide.Action.Release(4));
    assertThat(destination.reservedBlocks()).isZero();
  }

  @Test
  void aRefusedReservationDisturbsNobody() {
    source.begin(5, 0);
    List<DestinationSide.Action> no =
        destination.on(new Message.Reserve(MIGRATION, 1, 4), (blocks, first) -> false, 0);
    var refusal = new Message.Reserved(MIGRATION, 1, false);
    assertThat(no).containsExactly(new DestinationSide.Action.ToSource(refusal));
    assertThat(source.on(refusal, 5, 0)).isEmpty();
    assertThat(source.state()).isEqualTo(SourceSide.State.ABORTED);
  }

  @Test
  void longRequestsTakeAnotherStageBeforeTheyStop() {
    source.begin(10, 0);
    source.on(new Message.Reserved(MIGRATION, 1, true), 10, 0);
    // Five blocks grew meanwhile: more than the last stage may hold.
    assertThat(source.on(new Message.Copied(MIGRATION, 1, true), 14, 0))
        .containsExactly(reserve(2, 4));
    source.on(new Message.Reserved(MIGRATION, 2, true), 14, 0);
    assertThat(source.on(new Message.Copied(MIGRATION, 2, true), 14, 0))
        .as("one is left, and one to grow into")
        .containsExactly(reserve(3, 2));
    assertThat(source.on(new Message.Reserved(MIGRATION, 3, true), 15, 0))
        .containsExactly(new SourceSide.Action.StopAtStepEnd());
    assertThat(source.holdsRequest()).isFalse();
    assertThat(source.stopped(REQUEST, 0))
        .containsExactly(
            new SourceSide.Action.Copy(3, 13, 15),
            new SourceSide.Action.ToDestination(new Message.Adopt(MIGRATION, REQUEST)));
    assertThat(source.holdsRequest()).isTrue();
  }

  @Test
  void aRequestThatOutgrewTheRoomForItsRestTakesAnotherStage() {
    toReservingLast();
    assertThat(source.on(new Message.Reserved(MIGRATION, 2, true), 5, 0))
        .containsExactly(new SourceSide.Action.Copy(2, 2, 4));
    assertThat(source.on(new Message.Copied(MIGRATION, 2, true), 5, 0))
        .containsExactly(reserve(3, 2));
  }

  @Test
  void aRequestThatOutgrowsTheRoomWithItsLastStepStays() {
    toReservingLast();
    source.on(new Message.Reserved(MIGRATION, 2, true), 4, 0);
    assertThat(source.stopped(new RequestState(17, 5, 5, ""), 0))
        .containsExactly(
            new SourceSide.Action.ToDestination(new Message.Abort(MIGRATION)),
            new SourceSide.Action.Resume(1, -1));
    assertThat(source.state()).isEqualTo(SourceSide.State.KEPT);
  }

  @Test
  void theRequestIsClaimedWhenItsLastBlockCameAndTheSpareOneIsGivenBack() {
    gateway.begin(9, 0);
    toLastStage();
    assertThat(destination.on(new Message.Adopt(MIGRATION, three()), 0)).isEmpty();
    assertThat(destination.on(new Message.Block(MIGRATION, 2, 0, 8, Checksum.of(8)), 0))
        .containsExactly(new DestinationSide.Action.ToGateway(new Message.Claim(MIGRATION, 1)));
    Message.Claimed answer = gateway.claim(new Message.Claim(MIGRATION, 1));
    assertThat(destination.on(answer))
        .containsExactly(
            new DestinationSide.Action.Run(three(), 2, 0, 1),
            new DestinationSide.Action.ToSource(new Message.Committed(MIGRATION, true)));
    assertThat(destination.reservedBlocks()).isZero();
  }

  @Test
  void aRequestWithADamagedLastBlockIsNotClaimedAndTheGatewayIsAsked() {
    toLastStage();
    toCommitting();
    destination.on(new Message.Block(MIGRATION, 2, 0, 8, Checksum.of(9)), 0);
    var damaged = new Message.Copied(MIGRATION, 2, false);
    assertThat(destination.on(new Message.Adopt(MIGRATION, three()), 0))
        .containsExactly(new DestinationSide.Action.ToSource(damaged));
    assertThat(source.on(damaged, 3, 0))
        .containsExactly(new SourceSide.Action.ToGateway(new Message.Ask(MIGRATION)));
    assertThat(destination.on(new Message.Adopt(MIGRATION, three()), 0)).isEmpty();
    assertThat(destination.on(new Message.Abort(MIGRATION)))
        .containsExactly(new DestinationSide.Action.Release(4));
  }

  @Test
  void aRequestWithMoreBlocksThanWereSetAsideIsNoneOfOurs() {
    toLastStage();
    assertThat(destination.on(new Message.Adopt(MIGRATION, REQUEST), 0)).isEmpty();
    assertThat(destination.state()).isEqualTo(DestinationSide.State.RECEIVING);
  }

  @Test
  void aRequestThatEndsWhileItIsCopiedEndsTheMove() {
    source.begin(5, 0);
    assertThat(source.interrupted())
        .containsExactly(new SourceSide.Action.ToDestination(new Message.Abort(MIGRATION)));
    assertThat(source.on(new Message.Reserved(MIGRATION, 1, true), 5, 0)).isEmpty();
  }

  private static SourceSide.Action reserve(int stage, int blocks) {
    return new SourceSide.Action.ToDestination(new Message.Reserve(MIGRATION, stage, blocks));
  }

  private static RequestState three() {
    return new RequestState(12, 2, 3, "");
  }

  /** Two of three blocks are there. */
  private void toReservingLast() {
    source.begin(3, 0);
    source.on(new Message.Reserved(MIGRATION, 1, true), 3, 0);
    assertThat(source.on(new Message.Copied(MIGRATION, 1, true), 3, 0))
        .containsExactly(reserve(2, 2));
  }

  private void toCommitting() {
    toReservingLast();
    source.on(new Message.Reserved(MIGRATION, 2, true), 3, 0);
    source.stopped(three(), 0);
    assertThat(source.state()).isEqualTo(SourceSide.State.COMMITTING);
  }

  /** Two blocks came, and there is room for two more. */
  private void toLastStage() {
    destination.on(new Message.Reserve(MIGRATION, 1, 2), PLENTY, 0);
    destination.on(new Message.Block(MIGRATION, 1, 0, 5, Checksum.of(5)), 0);
    destination.on(new Message.Block(MIGRATION, 1, 1, 6, Checksum.of(6)), 0);
    destination.on(new Message.Reserve(MIGRATION, 2, 2), PLENTY, 0);
  }

  /**
   * Tokens of epoch 1 are still on their way when the owner's question moves the epoch on: they do
   * not count, but are no reason to stop the request, or it would be nobody's.
   */
  @Test
  void aLateTokenOfTheOwnerItselfStopsNothing() {
    var ownership = new Ownership();
    ownership.begin(7, 0);
    var migration = new Migration(7, 1, 1, 0, 1);
    assertThat(ownership.ask(new Message.Ask(migration)).source()).isTrue();
    assertThat(ownership.accept(7, 1, 0)).isFalse();
    assertThat(ownership.mustStop(7, 0)).isFalse();
    assertThat(ownership.mustStop(7, 1)).isTrue();
    ownership.end(7);
    assertThat(ownership.mustStop(7, 0)).isTrue();
  }
}
