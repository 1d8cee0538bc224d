package dev.banyan.model.tokenize;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/**
 * Hands texts to several threads in batches of about a megabyte. A long text is cut where white
 * space follows something visible: there a pre-token always ends, so cutting changes no pre-token.
 */
public final class TextPieces {
  private static final int BATCH_CHARS = 1 << 20;

  private final Iterator<String> texts;
  private String open = "";
  private int openFrom;

  public TextPieces(Iterator<String> texts) {
    this.texts = texts;
  }

  /** The next batch; empty when there is nothing left. */
  public synchronized List<String> next() {
    var batch = new ArrayList<String>();
    int chars = 0;
    while (chars < BATCH_CHARS) {
      if (openFrom == open.length()) {
        if (!texts.hasNext()) {
          break;
        }
        open = texts.next();
        openFrom = 0;
        continue;
      }
      int cut = cut(open, openFrom);
      batch.add(open.substring(openFrom, cut));
      chars += cut - openFrom;
      openFrom = cut;
    }
    return batch;
  }

  private static int cut(String text, int from) {
    if (text.length() - from <= BATCH_CHARS) {
      return text.length();
    }
    for (int at = from + BATCH_CHARS; at < text.length(); at++) {
      if (isAsciiSpace(text.charAt(at)) && isVisibleAscii(text.charAt(at - 1))) {
        return at;
      }
    }
    return text.length();
  }

  private static boolean isAsciiSpace(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
  }

  private static boolean isVisibleAscii(char c) {
    return c > ' ' && c < 0x7f;
  }
}
