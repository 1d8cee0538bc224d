package dev.banyan.cluster;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Why no routing can do better: a price for every Gb/s of some links. Whatever the routing, one
 * Gb/s of a job costs at least the cheapest way for each of its connections, and all links together
 * cost only so much, so prices bound rates (linear-programming duality; any prices do, good ones
 * are tight). Paths that change planes at the spine are counted too, so the bound holds for ECMP as
 * well.
 *
 * @param slowestGbps not every job can have more than this
 * @param slowestPrices prices that show it, by link: {@code up p0/leaf3-spine5}, {@code down …},
 *     {@code send p0/leaf3→leaf4} (the ports of NICs on leaf 3 that send only to leaf 4; {@code *}
 *     where they send to several), {@code receive p0/leaf3→leaf4}. None: the NICs themselves are
 *     the limit
 * @param meanGbps the jobs' mean cannot be more than this
 * @param meanPrices prices that show that
 * @param method what found the prices
 */
public record RouteCertificate(
    double slowestGbps,
    Map<String, Double> slowestPrices,
    double meanGbps,
    Map<String, Double> meanPrices,
    String method) {
  public RouteCertificate {
    slowestPrices = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(slowestPrices));
    meanPrices = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(meanPrices));
  }
}
