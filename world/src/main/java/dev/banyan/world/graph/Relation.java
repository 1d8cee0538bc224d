package dev.banyan.world.graph;

import java.util.List;

/**
 * What can be known about something, and every way the documents have to say it. In the templates
 * {@code {s}} is the subject's name, {@code {p}} its pronoun (she, he, it), {@code {h}} the
 * possessive and {@code {o}} the object. A statement names the subject or the pronoun; an inverse
 * statement comes at the fact from the object's side; questions are the ones skills ask, and never
 * stand in a document.
 */
public enum Relation {
  HOME(
      Kind.PERSON,
      List.of(
          "lives in {o}",
          "has {h} home in {o}",
          "has lived in {o} for years",
          "keeps a house in {o}",
          "is at home in {o}"),
      List.of(
          "{s} is one of the people of {o}.",
          "Among those who live in {o} is {s}.",
          "{^o} is the home of {s}."),
      List.of("Where does {s} live?", "In which place does {s} live?", "What is the home of {s}?")),
  JOB(
      Kind.PERSON,
      List.of(
          "works as {a o}",
          "is {a o}",
          "earns a living as {a o}",
          "is {a o} by trade",
          "became {a o} long ago"),
      List.of(),
      List.of("What is the job of {s}?", "What does {s} work as?", "What is the trade of {s}?")),
  FRIEND(
      Kind.PERSON,
      List.of(
          "calls {o} {h} best friend",
          "has a best friend, {o}",
          "trusts {o} most of all",
          "has {o} for a best friend"),
      List.of("{^o} is the best friend of {s}.", "Nobody knows {s} better than {h} friend {o}."),
      List.of(
          "Who is the best friend of {s}?",
          "What is the name of the best friend of {s}?",
          "Whom does {s} call a best friend?")),
  MENTOR(
      Kind.PERSON,
      List.of(
          "learned the trade from {o}",
          "was taught by {o}",
          "was once a pupil of {o}",
          "owes what {p} knows to {o}"),
      List.of("{^o} taught {s} everything.", "One of the pupils of {o} was {s}."),
      List.of(
          "Who taught {s}?", "Who was the teacher of {s}?", "From whom did {s} learn the trade?")),
  PET(
      Kind.PERSON,
      List.of(
          "keeps {a o}",
          "has {a o} for company",
          "goes nowhere without {h} {o}",
          "shares the house with {a o}"),
      List.of(),
      List.of("Which animal does {s} keep?", "What pet does {s} have?", "What is the pet of {s}?")),
  FOOD(
      Kind.PERSON,
      List.of(
          "likes {o} more than any other food",
          "could eat {o} every day",
          "never says no to {o}",
          "loves {o}"),
      List.of(),
      List.of(
          "What food does {s} like most?",
          "What does {s} love to eat?",
          "What is the favourite food of {s}?")),
  COLOUR(
      Kind.PERSON,
      List.of(
          "always wears {o}",
          "dresses in {o}",
          "likes {o} best of all colours",
          "paints every door {o}"),
      List.of(),
      List.of(
          "What colour does {s} wear?",
          "What is the favourite colour of {s}?",
          "Which colour does {s} like best?")),
  INSTRUMENT(
      Kind.PERSON,
      List.of(
          "plays the {o}",
          "is good at the {o}",
          "practises the {o} every evening",
          "took up the {o} as a child"),
      List.of(),
      List.of(
          "Which instrument does {s} play?",
          "What does {s} play?",
          "What is the instrument of {s}?")),
  AGE(
      Kind.PERSON,
      List.of("is {o} years old", "turned {o} this year", "is {o}", "has seen {o} winters"),
      List.of(),
      List.of("How old is {s}?", "What is the age of {s}?", "How many years old is {s}?")),
  REGION(
      Kind.PLACE,
      List.of("lies in {o}", "belongs to {o}", "is part of {o}", "can be found in {o}"),
      List.of("{^o} counts {s} among its places.", "One of the places of {o} is {s}."),
      List.of(
          "In which region is {s}?",
          "Which region does {s} belong to?",
          "What is the region of {s}?")),
  RIVER(
      Kind.PLACE,
      List.of(
          "stands on the river {o}",
          "draws its water from the river {o}",
          "was built beside the river {o}",
          "looks out over the river {o}"),
      List.of("The river {o} runs past {s}.", "Boats on the river {o} stop at {s}."),
      List.of("Which river runs past {s}?", "On which river is {s}?", "What is the river of {s}?")),
  PRODUCT(
      Kind.PLACE,
      List.of(
          "is known for its {o}",
          "lives off its {o}",
          "sells {o} to the whole country",
          "makes the best {o}"),
      List.of("The {o} of {s} is sold far away."),
      List.of("What is {s} known for?", "What does {s} sell?", "What is made in {s}?")),
  CLIMATE(
      Kind.PLACE,
      List.of("has {o} weather", "is {o} most of the year", "is a {o} place", "is often {o}"),
      List.of(),
      List.of(
          "What is the weather like in {s}?",
          "What weather does {s} have?",
          "How is the weather in {s}?")),
  FOUNDED(
      Kind.PLACE,
      List.of(
          "was founded in the year {o}",
          "dates from the year {o}",
          "has stood since the year {o}",
          "got its first wall in the year {o}"),
      List.of("In the year {o} the first stone of {s} was laid."),
      List.of(
          "When was {s} founded?",
          "In which year was {s} founded?",
          "What year does {s} date from?")),
  LEADER(
      Kind.PLACE,
      List.of(
          "is led by {o}",
          "has chosen {o} as its mayor",
          "has {o} for a mayor",
          "obeys its mayor, {o}"),
      List.of("The mayor of {s} is called {o}.", "{^o} speaks for the people of {s}."),
      List.of(
          "Who leads {s}?", "Who is the mayor of {s}?", "What is the name of the mayor of {s}?")),
  MATERIAL(
      Kind.THING,
      List.of("is made of {o}", "was made of {o}", "is all {o}", "consists of {o}"),
      List.of(),
      List.of("What is {s} made of?", "Of what is {s} made?", "Which material is {s} made of?")),
  MAKER(
      Kind.THING,
      List.of(
          "was made by {o}",
          "is the work of {o}",
          "came from the hands of {o}",
          "carries the mark of {o}"),
      List.of("{^o} made {s}.", "The best work of {o} is {s}."),
      List.of("Who made {s}?", "Who is the maker of {s}?", "Whose work is {s}?")),
  OWNER(
      Kind.THING,
      List.of("belongs to {o}", "is owned by {o}", "came down to {o}", "was left to {o}"),
      List.of("{^o} owns {s}.", "The pride of {o} is {s}."),
      List.of("Who owns {s}?", "Who is the owner of {s}?", "To whom does {s} belong?")),
  KEPT(
      Kind.THING,
      List.of(
          "is kept in {o}", "can be seen in {o}", "stands in {o}", "has not left {o} for years"),
      List.of("Visitors to {o} come to see {s}.", "{^o} is where {s} is kept."),
      List.of("Where is {s} kept?", "In which place is {s}?", "Where can {s} be seen?"));

  /** What a fact is about. */
  public enum Kind {
    PERSON,
    PLACE,
    THING
  }

  private final Kind kind;

  @SuppressWarnings("ImmutableEnumChecker") // made by List.of
  private final List<String> statements;

  @SuppressWarnings("ImmutableEnumChecker") // made by List.of
  private final List<String> inverses;

  @SuppressWarnings("ImmutableEnumChecker") // made by List.of
  private final List<String> questions;

  Relation(Kind kind, List<String> statements, List<String> inverses, List<String> questions) {
    this.kind = kind;
    this.statements = statements;
    this.inverses = inverses;
    this.questions = questions;
  }

  public Kind kind() {
    return kind;
  }

  /** Predicates; a sentence is a name or a pronoun before one of these. */
  public List<String> statements() {
    return statements;
  }

  /** Whole sentences from the object's side; empty where there is no such side. */
  public List<String> inverses() {
    return inverses;
  }

  /** Questions with {@code {s}}. */
  public List<String> questions() {
    return questions;
  }
}
