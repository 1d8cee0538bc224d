package dev.banyan.core.page;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;

/** A drawing in pixels with y downwards; text and tooltips are escaped here. */
final class Svg {
  private final int width;
  private final int height;
  private final StringBuilder body = new StringBuilder();

  Svg(int width, int height) {
    this.width = width;
    this.height = height;
  }

  String html(String kind, String escapedLabel) {
    return String.format(
        Locale.ROOT,
        "<svg class=\"%s\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"%s\">\n%s</svg>\n",
        kind,
        width,
        height,
        escapedLabel,
        body);
  }

  void line(String style, double x1, double y1, double x2, double y2) {
    body.append("<line class=\"" + style + "\" x1=\"" + n(x1) + "\" y1=\"" + n(y1));
    body.append("\" x2=\"" + n(x2) + "\" y2=\"" + n(y2) + "\"/>\n");
  }

  void path(String style, CharSequence d) {
    body.append("<path class=\"" + style + "\" d=\"" + d + "\"/>\n");
  }

  /**
   * @param anchor {@code start}, {@code middle} or {@code end}
   */
  void text(String style, double x, double y, String anchor, String text) {
    body.append("<text" + (style.isEmpty() ? "" : " class=\"" + style + "\""));
    body.append(" x=\"" + n(x) + "\" y=\"" + n(y) + "\" text-anchor=\"" + anchor + "\">");
    body.append(Html.text(text)).append("</text>\n");
  }

  void circle(String style, double x, double y, double radius, String tooltip) {
    body.append("<circle class=\"" + style + "\" cx=\"" + n(x) + "\" cy=\"" + n(y));
    body.append("\" r=\"" + n(radius) + "\">").append(title(tooltip)).append("</circle>\n");
  }

  void shape(String style, CharSequence d, String tooltip) {
    body.append("<path class=\"" + style + "\" d=\"" + d + "\">");
    body.append(title(tooltip)).append("</path>\n");
  }

  void open(String style) {
    body.append("<g class=\"" + style + "\">\n");
  }

  void close() {
    body.append("</g>\n");
  }

  private static String title(String tooltip) {
    return "<title>" + Html.text(tooltip) + "</title>";
  }

  /** A coordinate to a tenth of a pixel. */
  static String n(double value) {
    return BigDecimal.valueOf(value)
        .setScale(1, RoundingMode.HALF_EVEN)
        .stripTrailingZeros()
        .toPlainString();
  }

  /** The room a text of 12 pixels takes, roughly: digits and small letters are about 6.6 wide. */
  static double widthOf(String text) {
    return 6.7 * text.codePointCount(0, text.length());
  }

  /** The text, or its beginning and an ellipsis when it is wider than {@code room}. */
  static String fit(String text, double room) {
    int most = Math.max(1, (int) (room / 6.7));
    int length = text.codePointCount(0, text.length());
    return length <= most ? text : text.substring(0, text.offsetByCodePoints(0, most - 1)) + "…";
  }
}
