package dev.banyan.core;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FormatTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0|0 B",
        "999|999 B",
        "1000|1.00 kB",
        "1536|1.54 kB",
        "999499|999 kB",
        "999500|1.00 MB",
        "435000000|435 MB",
        "9223372036854775807|9.22 EB",
        "-2048|-2.05 kB",
        "-9223372036854775808|-9.22 EB"
      })
  void bytesKeepThreeDigitsAndNeverReadAThousand(long bytes, String text) {
    assertThat(Format.bytes(bytes)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0|0",
        "9999|9,999",
        "10000|10.0 k",
        "6520000|6.52 M",
        "7000000000|7.00 B",
        "999999999999|1.00 T"
      })
  void countsAreExactBelowTenThousandAndShortAbove(long count, String text) {
    assertThat(Format.count(count)).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0|0 s",
        "850000|850 µs",
        "999600|1.00 ms",
        "350000000|350 ms",
        "999600000|1.00 s",
        "12340000000|12.3 s",
        "59940000000|59.9 s",
        "59960000000|1 min",
        "245000000000|4 min 5 s",
        "3599600000000|1 h",
        "7380000000000|2 h 3 min",
        "86399000000000|1 d",
        "93600000000000|1 d 2 h",
        "-2000000000|-2.00 s"
      })
  void durationsUseTheTwoLargestUnits(long nanos, String text) {
    assertThat(Format.duration(Duration.ofNanos(nanos))).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0|0",
        "1|1",
        "1.23456|1.235",
        "0.012346|0.01235",
        "0.00001234|1.23e-5",
        "1e-7|1e-7",
        "9999.4|9999",
        "12345.6|12,346",
        "1234567890123|1.23e12",
        "-0.5|-0.5",
        "NaN|–",
        "Infinity|∞",
        "-Infinity|-∞"
      })
  void numbersHaveAtMostFourDigitsAndNoNeedlessExponent(double value, String text) {
    assertThat(Format.number(value)).isEqualTo(text);
  }
}
