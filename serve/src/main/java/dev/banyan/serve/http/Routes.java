package dev.banyan.serve.http;

import java.util.Set;
import java.util.TreeSet;

/**
 * What a server answers at, to say of everything else whether the path or the method is wrong.
 *
 * @param known method and path, {@code GET /health}; a path that ends with a slash (but for the
 *     root) stands for all one step below it
 */
public record Routes(Set<String> known) {
  public Routes {
    known = Set.copyOf(known);
  }

  /**
   * The refusal of a request that nothing answers: 405 with {@code Allow} where another method
   * would be answered (RFC 9110, section 15.5.6), else 404.
   */
  public BadRequestException refusal(Exchange exchange) {
    var allowed = new TreeSet<String>();
    for (String each : known) {
      String[] route = each.split(" ", 2);
      boolean all = route[1].length() > 1 && route[1].endsWith("/");
      if (all
          ? exchange.path().length() > route[1].length() && exchange.path().startsWith(route[1])
          : exchange.path().equals(route[1])) {
        allowed.add(route[0]);
      }
    }
    if (allowed.isEmpty() || allowed.contains(exchange.method())) {
      return new BadRequestException(
          404, "there is nothing at " + exchange.method() + " " + exchange.path());
    }
    String methods = String.join(", ", allowed);
    exchange.allow(methods);
    return new BadRequestException(
        405, "%s takes %s, not %s".formatted(exchange.path(), methods, exchange.method()));
  }
}
