package dev.banyan.cli.train;

import dev.banyan.train.Corpus;
import picocli.CommandLine.Option;

/** The flags of commands that read text: how strict they are. */
public final class Reading {
  @Option(names = "--skip-bad-lines", description = "Leave out lines of JSONL that are no example.")
  private boolean skipBadLines;

  @Option(names = "--lossy", description = "Read bytes that are not UTF-8 as U+FFFD.")
  private boolean lossy;

  /** What was asked for. */
  Corpus.Options options() {
    return new Corpus.Options(skipBadLines, lossy);
  }
}
