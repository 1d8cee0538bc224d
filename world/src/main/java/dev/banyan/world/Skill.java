package dev.banyan.world;

import java.util.List;

/** One instruction with its right answer and the checker that grades any other answer. */
public record Skill(SkillCategory category, String question, String answer, Checker checker) {

  /** The question as the user's turn, the answer as the assistant's. */
  public List<Message> messages() {
    return List.of(new Message("user", question), new Message("assistant", answer));
  }
}
