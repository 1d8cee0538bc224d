package dev.banyan.cluster.lab;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class OwnerTest {
  @Test
  void aNameTellsWhoMadeIt() {
    Owner self = Owner.self();
    assertThat(Owner.of(self.name("0-rank3"))).contains(self);
    assertThat(self.lives()).isTrue();
    assertThat(Owner.of("somebody-else")).isEmpty();
    assertThat(Owner.of("banyan-lab-x-y-0")).isEmpty();
  }

  @Test
  void aProcessThatGotTheNumberOfADeadLabIsNotThatLab() {
    Owner self = Owner.self();
    assertThat(new Owner(self.pid(), self.startSeconds() - 1000).lives()).isFalse();
    assertThat(new Owner(Integer.MAX_VALUE, 1).lives()).isFalse();
  }
}
