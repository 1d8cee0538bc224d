package dev.banyan.core;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;

class ReportTest {
  private static final String HOSTILE =
      "</title></style><script>alert(1)</script><img src=x onerror=\"alert('2')\">'\"&amp;\u0000\u202e\ud800";

  @Test
  void thePageNeedsNothingFromOutside() throws IOException {
    String html = Gallery.page().html();
    Gallery.page().write(Path.of("target", "gallery.html"));

    assertThat(html).startsWith("<!doctype html>").contains("<meta charset=\"utf-8\">");
    assertThat(html).doesNotContain("http://").doesNotContain("https://").doesNotContain("url(");
    assertThat(html).doesNotContain("<script").doesNotContain("<link").doesNotContain("@import");
    assertThat(html).contains("prefers-color-scheme: dark").contains("@media print");
    assertThat(html).contains("data:image/png;base64,");
  }

  @Test
  void hostileTextStaysTextWhereverItStands() throws Exception {
    Report report =
        Report.titled(HOSTILE)
            .subtitle(HOSTILE)
            .section(HOSTILE)
            .section(HOSTILE)
            .section(HOSTILE)
            .heading(HOSTILE)
            .paragraph(HOSTILE)
            .note(HOSTILE)
            .list(List.of(HOSTILE))
            .figure(HOSTILE, HOSTILE, HOSTILE)
            .sample(HOSTILE, HOSTILE)
            .command(HOSTILE)
            .table(Table.of(HOSTILE).row(HOSTILE).caption(HOSTILE))
            .image(new byte[] {1}, "image/png", HOSTILE, HOSTILE);
    for (Chart.Kind kind : Chart.Kind.values()) {
      report.chart(chart(kind, HOSTILE));
    }
    String html = report.html();

    assertThat(html)
        .doesNotContain("<script")
        .doesNotContain("<img src=x")
        .doesNotContain("\u0000");
    assertThat(html).doesNotContain("\u202e");
    // The body is XML but for the void tags: were a quote or bracket let through, it would not
    // parse.
    Document body = parsed(html);
    NodeList all = body.getElementsByTagName("*");
    for (int i = 0; i < all.getLength(); i++) {
      Element element = (Element) all.item(i);
      assertThat(element.getTagName()).isNotEqualTo("script");
      for (int a = 0; a < element.getAttributes().getLength(); a++) {
        assertThat(element.getAttributes().item(a).getNodeName()).doesNotStartWith("on");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Chart.Kind.class)
  void everyChartIsDrawnForWideAndNarrowPagesAndSaysWhatItShows(Chart.Kind kind) throws Exception {
    Document body = parsed(Report.titled("t").chart(chart(kind, "alpha")).html());
    NodeList drawings = body.getElementsByTagName("svg");

    assertThat(drawings.getLength()).isEqualTo(2);
    for (int i = 0; i < 2; i++) {
      Element svg = (Element) drawings.item(i);
      assertThat(svg.getAttribute("role")).isEqualTo("img");
      assertThat(svg.getAttribute("aria-label")).contains("alpha").contains("from 1 to 9");
      assertThat(svg.getElementsByTagName("title").getLength()).isGreaterThanOrEqualTo(6);
    }
  }

  @Test
  void nothingIsDrawnOutsideItsBoxWhateverTheValues() throws Exception {
    double[][] samples = {
      {},
      {5},
      {0, 0},
      {-3, 7, 1e9},
      {Double.NaN, 1, Double.POSITIVE_INFINITY},
      {1e-12, 2e-12},
      {-1e300, 1e300},
      {1e-300, 1e300}
    };
    for (double[] y : samples) {
      double[] x = new double[y.length];
      List<String> names = new ArrayList<>();
      for (int i = 0; i < y.length; i++) {
        x[i] = i;
        names.add("n" + i);
      }
      Report report =
          Report.titled("t")
              .chart(Chart.lines("a").series("s", x, y))
              .chart(Chart.lines("a").logY().logX().series("s", x, y))
              .chart(Chart.scatter("a").logY().series("s", y, y))
              .chart(Chart.bars("a", names).series("s", y))
              .chart(Chart.bars("a", names).logY().series("s", y).series("t", y));
      String html = report.html();
      assertThat(html).doesNotContain("NaN").doesNotContain("Infinity");
      NodeList drawings = parsed(html).getElementsByTagName("svg");
      for (int i = 0; i < drawings.getLength(); i++) {
        assertInside((Element) drawings.item(i));
      }
    }
  }

  private static void assertInside(Element svg) {
    String[] box = svg.getAttribute("viewBox").split(" ", -1);
    double width = Double.parseDouble(box[2]);
    double height = Double.parseDouble(box[3]);
    NodeList all = svg.getElementsByTagName("path");
    for (int i = 0; i < all.getLength(); i++) {
      Matcher point =
          Pattern.compile("(-?[0-9.]+) (-?[0-9.]+)")
              .matcher(((Element) all.item(i)).getAttribute("d"));
      while (point.find()) {
        assertThat(Double.parseDouble(point.group(1))).isBetween(-1.0, width + 1);
        assertThat(Double.parseDouble(point.group(2))).isBetween(-1.0, height + 1);
      }
    }
  }

  @Test
  void aLineOfAMillionPointsKeepsItsPeakAndStaysSmall() {
    double[] x = new double[1_000_000];
    double[] y = new double[1_000_000];
    for (int i = 0; i < x.length; i++) {
      x[i] = i;
    }
    y[654_321] = 1000;
    Report report = Report.titled("t").chart(Chart.lines("a").series("s", x, y));

    assertThat(report.html().length()).isLessThan(120_000);
    // The peak is drawn: the path climbs to the top of the plot, where y is 1000.
    assertThat(report.html()).containsPattern("class=\"line\" d=\"[^\"]* 12L");
  }

  @Test
  void aPeakIsKeptAlsoWhereAStretchBeginsWithAGap() {
    double[] x = new double[70_000];
    double[] y = new double[70_000];
    for (int i = 0; i < x.length; i++) {
      x[i] = i;
      y[i] = i % 200 == 0 ? Double.NaN : 0; // 350 stretches of 200 points
    }
    y[65_432] = 1000;
    assertThat(Report.titled("t").chart(Chart.lines("a").series("s", x, y)).html())
        .containsPattern("class=\"line\" d=\"[^\"]* 12[LM]");
  }

  @Test
  void aBandEndsAtAGapAndBeginsAnewBehindIt() throws Exception {
    double[] x = {0, 1, 2, 3, 4};
    double[] y = {1, 2, Double.NaN, 2, 1};
    double[] low = {0, 1, Double.NaN, 1, 0};
    double[] high = {2, 3, Double.NaN, 3, 2};
    Document body =
        parsed(Report.titled("t").chart(Chart.lines("a").series("s", x, y, low, high)).html());
    NodeList paths = body.getElementsByTagName("path");
    int bands = 0;
    for (int i = 0; i < paths.getLength(); i++) {
      Element path = (Element) paths.item(i);
      if (path.getAttribute("class").equals("band")) {
        assertThat(path.getAttribute("d")).matches("M[^MZ]+ZM[^MZ]+Z");
        bands++;
      }
    }
    assertThat(bands).isEqualTo(2);
  }

  @Test
  void aMarkThatIsNoNumberOrNotPositiveOnALogarithmicAxisIsLeftOut() {
    for (Chart chart :
        List.of(
            Chart.bars("a", List.of("n")).series("s", new double[] {1}).mark(Double.NaN, "NoMark"),
            Chart.bars("a", List.of("n")).logY().series("s", new double[] {1}).mark(-1, "NoMark"),
            Chart.lines("a")
                .series("s", new double[] {1}, new double[] {2})
                .mark(Double.NaN, "NoMark"))) {
      assertThat(Report.titled("t").chart(chart).html()).doesNotContain("NoMark");
    }
  }

  @Test
  void theBestOfAColumnIsMarkedAndNumbersStandRight() throws Exception {
    Table table =
        Table.of("name", "loss", "speed")
            .row("a", 1.5, 10)
            .row("b", new Interval(1.25, 1, 2), 30)
            .row("c", null, 30)
            .best("loss", Table.Best.LOWEST)
            .best("speed", Table.Best.HIGHEST);
    Document body = parsed(Report.titled("t").table(table).html());
    List<String> best = new ArrayList<>();
    NodeList cells = body.getElementsByTagName("td");
    for (int i = 0; i < cells.getLength(); i++) {
      Element cell = (Element) cells.item(i);
      if (cell.getAttribute("class").equals("n best")) {
        best.add(cell.getTextContent());
      }
    }
    assertThat(best).containsExactly("1.25 [1, 2]", "30", "30");
  }

  @Test
  void mismatchedSeriesAndCellsAreRefused() {
    assertThatThrownBy(() -> Chart.lines("a").series("s", new double[2], new double[3]))
        .hasMessageContaining("2 x, 3 y");
    assertThatThrownBy(() -> Chart.bars("a", List.of("b")).series("s", new double[2]))
        .hasMessageContaining("2 values for 1 categories");
    assertThatThrownBy(() -> Table.of("a", "b").row(1)).hasMessageContaining("1 cells");
    assertThatThrownBy(() -> Report.titled("t").image(new byte[0], "text/html", "", ""))
        .hasMessageContaining("text/html");
  }

  @Test
  void aResultsPageHasEveryFigure() {
    Result result = Result.of("banyan x", new Seed(9)).put("bitsPerByte", 1.25);
    assertThat(Report.of(result).html())
        .contains("bitsPerByte")
        .contains("1.25")
        .contains("host.cores");
  }

  private static Chart chart(Chart.Kind kind, String name) {
    double[] x = {1, 2, 3};
    double[] y = {1, 9, 4};
    return switch (kind) {
      case LINES ->
          Chart.lines(name)
              .x(name)
              .y(name)
              .caption(name)
              .mark(5, name)
              .series(name, x, y)
              .series(name, x, y, x, y);
      case SCATTER ->
          Chart.scatter(name).x(name).y(name).series(name, x, y).series("b", x, y, x, y);
      case BARS ->
          Chart.bars(name, List.of(name, "b", "c"))
              .y(name)
              .mark(5, name)
              .series(name, y)
              .series("b", y);
    };
  }

  private static Document parsed(String html) throws Exception {
    String body = html.substring(html.indexOf("<body>"), html.indexOf("</body>") + 7);
    String xml = body.replaceAll("<(img[^>]*)>", "<$1/>");
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new ByteArrayInputStream(xml.getBytes(StandardCharsets.UTF_8)));
  }
}
