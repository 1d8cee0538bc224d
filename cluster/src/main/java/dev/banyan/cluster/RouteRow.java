package dev.banyan.cluster;

/**
 * What jobs have by one way of routing.
 *
 * @param method its name
 * @param meanGbps mean bus bandwidth of the jobs, Gb/s of a NIC
 * @param slowestGbps of the job that has least
 * @param fastestGbps of the job that has most
 * @param seconds choosing the paths took
 */
public record RouteRow(
    String method, double meanGbps, double slowestGbps, double fastestGbps, double seconds) {

  static RouteRow of(String method, double[] gbps, double seconds) {
    double sum = 0;
    double least = Double.POSITIVE_INFINITY;
    double most = 0;
    for (double each : gbps) {
      sum += each;
      least = Math.min(least, each);
      most = Math.max(most, each);
    }
    return new RouteRow(method, sum / gbps.length, least, most, seconds);
  }
}
