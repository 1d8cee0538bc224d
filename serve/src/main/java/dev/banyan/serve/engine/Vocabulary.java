package dev.banyan.serve.engine;

import dev.banyan.model.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** The text of every token as it stands within a text, as a trie. Immutable. */
final class Vocabulary {
  private final String[] texts;
  private final Node root = new Node();

  /** Tokens that end here, and how text goes on. */
  static final class Node {
    final List<Integer> ids = new ArrayList<>();
    final Map<Character, Node> next = new TreeMap<>();
  }

  private Vocabulary(String[] texts) {
    this.texts = texts;
    for (int id = 0; id < texts.length; id++) {
      Node at = root;
      for (int i = 0; i < texts[id].length(); i++) {
        at = at.next.computeIfAbsent(texts[id].charAt(i), c -> new Node());
      }
      if (at != root) {
        at.ids.add(id);
      }
    }
  }

  static Vocabulary of(Tokenizer tokenizer, int size) {
    Set<Integer> special = tokenizer.specialIds();
    // a token's text within a text is what it adds behind another
    int[] anchors = tokenizer.encode("a", false);
    int anchor = anchors.length == 0 ? 0 : anchors[anchors.length - 1];
    String before = tokenizer.decode(new int[] {anchor}, false);
    String[] texts = new String[size];
    for (int id = 0; id < size; id++) {
      String both =
          special.contains(id) || id >= tokenizer.vocabSize()
              ? before
              : tokenizer.decode(new int[] {anchor, id}, false);
      String text = both.startsWith(before) ? both.substring(before.length()) : "";
      texts[id] = text.indexOf('\ufffd') >= 0 ? "" : text;
    }
    return new Vocabulary(texts);
  }

  Node root() {
    return root;
  }

  String text(int id) {
    return id < texts.length ? texts[id] : "";
  }

  int size() {
    return texts.length;
  }
}
