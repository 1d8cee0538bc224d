package dev.banyan.world.document;

import java.util.random.RandomGenerator;

/** Writes one document of one domain; the same stream gives the same text. */
public interface DomainText {
  String write(RandomGenerator random);
}
