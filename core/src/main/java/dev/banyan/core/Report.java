package dev.banyan.core;

import java.io.IOException;
import java.nio.file.Path;

/** A self-contained HTML page. */
public final class Report {
  private final String title;
  private final StringBuilder body = new StringBuilder();

  private Report(String title) {
    this.title = title;
  }

  public static Report titled(String title) {
    return new Report(title);
  }

  /** A page with a result's figures in a table. */
  public static Report of(Result result) {
    return titled(String.valueOf(result.fields().get("command")));
  }

  public Report paragraph(String text) {
    body.append("<p>").append(text.replace("&", "&amp;").replace("<", "&lt;")).append("</p>\n");
    return this;
  }

  public String html() {
    return "<!doctype html><title>" + title.replace("<", "&lt;") + "</title>" + body;
  }

  public void write(Path file) throws IOException {
    AtomicFile.writeString(file, html());
  }
}
