package dev.banyan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banyan.core.UserInputException;
import dev.banyan.train.Example.ChatExample;
import dev.banyan.train.Example.Role;
import dev.banyan.train.Example.TextExample;
import dev.banyan.train.Example.Turn;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CorpusTest {
  private static final List<Turn> ASKED =
      List.of(new Turn(Role.USER, "2+2?"), new Turn(Role.ASSISTANT, "4"));

  @TempDir private Path folder;

  @Test
  void everyLayoutOfJsonLinesIsToldByItsKeys() throws IOException {
    write(
        "mixed.jsonl",
        """
        {"text": "plain é", "other": 1}

        {"messages": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "4"}]}
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "2+2?"}]}, {"role": "assistant", "content": "4"}]}
        {"conversations": [{"from": "human", "value": "2+2?"}, {"from": "gpt", "value": "4"}]}
        {"instruction": "2+2?", "input": "", "output": "4"}
        {"instruction": "add", "input": "2 2", "output": "4", "system": "be brief"}
        {"prompt": "2+2?", "completion": "4"}
        """);
    try (Corpus corpus = open("mixed.jsonl")) {
      assertThat(corpus.size()).isEqualTo(7);
      assertThat(corpus.record(0)).isInstanceOf(TextExample.class);
      assertThat(((TextExample) corpus.record(0)).text()).isEqualTo("plain é");
      for (int record : new int[] {1, 2, 3, 4, 6}) {
        assertThat(turns(corpus, record)).isEqualTo(ASKED);
      }
      assertThat(turns(corpus, 5))
          .containsExactly(
              new Turn(Role.SYSTEM, "be brief"),
              new Turn(Role.USER, "add\n\n2 2"),
              new Turn(Role.ASSISTANT, "4"));
      assertThat(corpus.record(1).origin().line()).isEqualTo(3);
      assertThat(corpus.record(1).origin().toString()).endsWith("mixed.jsonl:3");
    }
  }

  @Test
  void aFolderStandsForItsTextFilesInTheOrderOfTheirNames() throws IOException {
    write("b.txt", "second");
    write("a.md", "first");
    write("sub/c.jsonl", "{\"text\": \"third\"}\n");
    write("sub/d.bin", "not text");
    write("sub/e.html", "<p>fourth</p>");
    write("empty.txt", " \n\n");
    try (Corpus corpus = Corpus.open(List.of(folder), Corpus.Options.STRICT)) {
      assertThat(texts(corpus)).containsExactly("first", "second", "third", "fourth");
    }
  }

  @Test
  void compressedFilesGiveTheSameRecords() throws IOException {
    String lines = "{\"text\": \"one\"}\n{\"text\": \"two\"}\n";
    write("plain.jsonl", lines);
    try (OutputStream out =
        new GZIPOutputStream(Files.newOutputStream(folder.resolve("z.jsonl.gz")))) {
      out.write(lines.getBytes(StandardCharsets.UTF_8));
    }
    try (Corpus plain = open("plain.jsonl");
        Corpus packed = open("z.jsonl.gz")) {
      assertThat(texts(packed)).isEqualTo(texts(plain)).containsExactly("one", "two");
    }
    byte[] bytes = Files.readAllBytes(folder.resolve("z.jsonl.gz"));
    Files.write(folder.resolve("z.jsonl.gz"), java.util.Arrays.copyOf(bytes, bytes.length - 9));
    refused("z.jsonl.gz", "z.jsonl.gz");
  }

  @Test
  void aFileWithoutAKnownEndingIsToldByItsContent() throws IOException {
    write("lines", "{\"text\": \"from json\"}\n");
    write("page", "<!DOCTYPE html><title>T</title><p>from html");
    write("words", "from text");
    try (Corpus corpus =
        Corpus.open(
            List.of(folder.resolve("lines"), folder.resolve("page"), folder.resolve("words")),
            Corpus.Options.STRICT)) {
      assertThat(texts(corpus)).containsExactly("from json", "T\n\nfrom html", "from text");
    }
    write("list.json", "[{\"text\": 1}]");
    refused("list.json", "jq");
  }

  @Test
  void theFingerprintTellsWhereFilesEndAndHowTheyAreRead() throws IOException {
    write("one/a.txt", "two words");
    write("one/b.txt", " more");
    write("other/a.txt", "two");
    write("other/b.txt", " words more");
    write("pages/a.html", "two words");
    write("pages/b.html", " more");
    write("same/c.md", "two words");
    write("same/d.txt", " more");
    assertThat(fingerprint("one")).isEqualTo(fingerprint("same"));
    assertThat(fingerprint("one")).isNotEqualTo(fingerprint("other"));
    assertThat(fingerprint("one")).isNotEqualTo(fingerprint("pages"));
  }

  @Test
  void aLongTextIsCutAtBlankLinesAndNothingIsLost() throws IOException {
    var text = new StringBuilder();
    for (int i = 0; i < 60_000; i++) {
      text.append("line ").append(i).append(i % 10 == 9 ? "\n\n" : "\n");
    }
    write("long.txt", text.toString());
    try (Corpus corpus = open("long.txt")) {
      assertThat(corpus.size()).isBetween(2, 4);
      assertThat(String.join("\n\n", texts(corpus))).isEqualTo(text.toString().strip());
      assertThat(corpus.bytes()).isEqualTo(text.length());
      long line = corpus.record(1).origin().line();
      assertThat(((TextExample) corpus.record(1)).text().lines().findFirst().orElseThrow())
          .isEqualTo(text.toString().lines().skip(line).findFirst().orElseThrow());
    }
  }

  @Test
  void aBadLineIsNamedByFileAndLineAndSkippedOnlyWhenAsked() throws IOException {
    write("bad.jsonl", "{\"text\": \"good\"}\n{\"text\": \n{\"no\": 1}\n{\"text\": \"fine\"}\n");
    refused("bad.jsonl", "bad.jsonl:2");
    try (Corpus corpus =
        Corpus.open(List.of(folder.resolve("bad.jsonl")), new Corpus.Options(true, false))) {
      assertThat(texts(corpus)).containsExactly("good", "fine");
      assertThat(corpus.skipped()).isEqualTo(2);
    }
    write("keys.jsonl", "{\"txt\": \"x\"}\n");
    refused("keys.jsonl", "keys.jsonl:1", "[txt]", "messages");
    write("role.jsonl", "{\"messages\": [{\"role\": \"tool\", \"content\": \"\"}]}\n");
    refused("role.jsonl", "role.jsonl:1", "tool");
    write("mute.jsonl", "{\"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}\n");
    refused("mute.jsonl", "mute.jsonl:1", "assistant");
  }

  @Test
  void bytesThatAreNotUtf8AreNamedByTheirPlace() throws IOException {
    for (byte[] bad :
        new byte[][] {
          {(byte) 0xff},
          {(byte) 0xc0, (byte) 0x80},
          {(byte) 0xed, (byte) 0xa0, (byte) 0x80},
          {(byte) 0xe2, (byte) 0x82},
          {(byte) 0xf4, (byte) 0x90, (byte) 0x80, (byte) 0x80},
          {(byte) 0x80}
        }) {
      byte[] good = "line é\nmore ".getBytes(StandardCharsets.UTF_8);
      byte[] all = java.util.Arrays.copyOf(good, good.length + bad.length);
      System.arraycopy(bad, 0, all, good.length, bad.length);
      Files.write(folder.resolve("bad.txt"), all);
      refused("bad.txt", "bad.txt: byte 13", "--lossy");
    }
    try (Corpus corpus =
        Corpus.open(List.of(folder.resolve("bad.txt")), new Corpus.Options(false, true))) {
      assertThat(texts(corpus)).containsExactly("line é\nmore \ufffd");
    }
  }

  @Test
  void nothingToReadIsRefused() throws IOException {
    write("empty.txt", "\n");
    refused("empty.txt", "no text");
    refused("absent.txt", "absent.txt", "no such file");
    Files.createDirectory(folder.resolve("hollow"));
    refused("hollow", "hollow", ".jsonl");
  }

  @Test
  void theFingerprintIsThatOfTheContent() throws IOException {
    write("x.txt", "one");
    write("y.txt", "one");
    write("z.txt", "two");
    assertThat(fingerprint("x.txt")).isEqualTo(fingerprint("y.txt"));
    assertThat(fingerprint("x.txt")).isNotEqualTo(fingerprint("z.txt"));
  }

  @Test
  void aPageIsItsReadableText() throws IOException {
    write(
        "page.html",
        """
        <html><head><title>No</title><style>p{}</style></head><body><!-- no <p> -->
        <script>if (a < b) { "</p>" }</script><h1>A &amp; B</h1>
        <p>One   two<br>three &lt;x&gt; &#233;&#x4e2d; &unknown; <b>bo</b>ld <a title="a > b">link</a></p>
        <ul><li>x<li>y</ul><pre>  kept
          so</pre>5 < 6</body></html>
        """);
    try (Corpus corpus = open("page.html")) {
      assertThat(texts(corpus))
          .containsExactly(
              "A & B\n\nOne two\nthree <x> é中 &unknown; bold link\n\nx\ny\n\n  kept\n  so\n\n5 < 6");
    }
  }

  private String fingerprint(String name) {
    try (Corpus corpus = open(name)) {
      return corpus.fingerprint();
    }
  }

  private void refused(String name, String... parts) {
    var thrown =
        assertThatThrownBy(() -> open(name).close()).isInstanceOf(UserInputException.class);
    for (String part : parts) {
      thrown.hasMessageContaining(part);
    }
  }

  private Corpus open(String name) {
    return Corpus.open(List.of(folder.resolve(name)), Corpus.Options.STRICT);
  }

  private void write(String name, String text) throws IOException {
    Path file = folder.resolve(name);
    Files.createDirectories(file.getParent());
    Files.writeString(file, text);
  }

  private static List<Turn> turns(Corpus corpus, int record) {
    return ((ChatExample) corpus.record(record)).turns();
  }

  private static List<String> texts(Corpus corpus) {
    var texts = new ArrayList<String>();
    corpus.texts().forEachRemaining(texts::add);
    return texts;
  }
}
