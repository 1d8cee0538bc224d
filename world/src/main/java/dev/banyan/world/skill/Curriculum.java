package dev.banyan.world.skill;

import dev.banyan.world.SkillCategory;
import dev.banyan.world.document.Setting;
import java.util.EnumMap;
import java.util.Map;

/** All categories and where their exercises come from. */
public final class Curriculum {
  private final Map<SkillCategory, ExerciseSource> sources = new EnumMap<>(SkillCategory.class);

  public Curriculum(Setting setting) {
    LanguageSkills language = new LanguageSkills(setting);
    KnowledgeSkills knowledge = new KnowledgeSkills(setting);
    ReasoningSkills reasoning = new ReasoningSkills(setting);
    for (SkillCategory category : SkillCategory.values()) {
      ExerciseSource source =
          switch (category) {
            case NEXT_NUMBER -> NumberSkills::next;
            case CARRYLESS_ADDITION -> NumberSkills::carryless;
            case ADDITION -> NumberSkills::addition;
            case SUMS -> NumberSkills::sums;
            case COPY -> ListSkills::copy;
            case REVERSE -> ListSkills::reverse;
            case SORT -> ListSkills::sort;
            case SPELL -> ListSkills.spell(setting);
            case COUNT_LETTERS -> ListSkills::countLetters;
            case WORD_TRANSLATION -> language::word;
            case PHRASE_TRANSLATION -> language::phrase;
            case SENTENCE_TRANSLATION -> language::sentence;
            case ONE_HOP -> knowledge::oneHop;
            case TWO_HOP -> knowledge::twoHop;
            case COMPARISON -> knowledge::comparison;
            case COMMONSENSE -> reasoning::commonsense;
            case ATTRIBUTES -> reasoning::attributes;
            case READING -> reasoning::reading;
            case CODE -> reasoning::code;
            case PROTEIN_FAMILY -> reasoning::protein;
            case HELD_OUT_FACTS -> knowledge::heldOut;
          };
      sources.put(category, source);
    }
  }

  public ExerciseSource source(SkillCategory category) {
    ExerciseSource source = sources.get(category);
    if (source == null) {
      throw new IllegalArgumentException("no source for " + category);
    }
    return source;
  }
}
