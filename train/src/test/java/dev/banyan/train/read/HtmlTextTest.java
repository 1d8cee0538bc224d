package dev.banyan.train.read;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class HtmlTextTest {
  @Test
  void aHeaderDoesNotEndAHead() {
    assertThat(HtmlText.of("<head><title>T</title><header>A</header><p>B</head><p>C"))
        .isEqualTo("C");
    assertThat(HtmlText.of("<html><head><body><header>Top</header><p>Text"))
        .isEqualTo("Top\n\nText");
    assertThat(HtmlText.of("<svg><svgx></svgx>no</svg >yes")).isEqualTo("yes");
    assertThat(HtmlText.of("<script>no</script")).isEmpty();
  }

  @Test
  void referencesNeedTheirSemicolonNear() {
    assertThat(HtmlText.of("a &amp; b &#x1F600; &#0000065; &#000000065; &nothing; & c;"))
        .isEqualTo("a & b 😀 A &#000000065; &nothing; & c;");
  }

  // Looked at from every ampersand, or every head, to the end, a page of this size takes an hour.
  @Test
  @Timeout(value = 50, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aPageOfNothingButBeginningsIsReadInOnePass() {
    int count = 3_000_000;
    assertThat(HtmlText.of("&".repeat(count) + "<p>;")).hasSize(count + 3);
    assertThat(HtmlText.of("<head>".repeat(count) + "text")).isEqualTo("text");
  }
}
