package dev.banyan.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banyan.cli.frame.Noun;
import dev.banyan.cli.frame.UsesLibtorch;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine.Command;

/** The shell script, with folders that look like JDKs whose java says how it was called. */
class LauncherTest {
  @TempDir Path folder;
  private Path house = Path.of("");
  private final Map<String, String> environment = new HashMap<>();

  @BeforeEach
  void aHouseThatIsBuilt() throws IOException {
    house = Files.createDirectories(folder.resolve("a house with spaces"));
    Path script = Path.of("..", "banyan").toAbsolutePath().normalize();
    Files.copy(script, house.resolve("banyan"));
    house.resolve("banyan").toFile().setExecutable(true);
    Path app = Files.createDirectories(house.resolve(".banyan/app-1"));
    Files.writeString(app.resolve("banyan.jar"), "");
    Files.writeString(app.resolve("plain.aot"), "");
    Files.writeString(app.resolve("model.aot"), "");
    Files.writeString(app.resolve("started"), "");
    Files.writeString(house.resolve(".banyan/current"), "app-1\n");
    environment.put("HOME", folder.resolve("nobody").toString());
    environment.put("PATH", "/usr/bin:/bin");
    environment.put("BANYAN_JDK_FOLDERS", "");
  }

  private Path jdk(String name, String version) throws IOException {
    Path home = folder.resolve(name);
    Files.createDirectories(home.resolve("bin"));
    Files.writeString(
        home.resolve("release"), "IMPLEMENTOR=\"x\"\nJAVA_VERSION=\"" + version + "\"\n");
    Path java =
        Files.writeString(
            home.resolve("bin/java"),
            "#!/bin/sh\necho \"java " + name + "\"\nfor a in \"$@\"; do echo \"<$a>\"; done\n");
    java.toFile().setExecutable(true);
    Files.copy(java, home.resolve("bin/javac"));
    return home;
  }

  private record Said(int code, List<String> out, List<String> err) {}

  private Said start(Path script, String... args) throws IOException, InterruptedException {
    List<String> command = new ArrayList<>(List.of("/bin/sh", script.toString()));
    command.addAll(List.of(args));
    Path out = folder.resolve("out.txt");
    Path err = folder.resolve("err.txt");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectOutput(out.toFile())
            .redirectError(err.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    int code = builder.start().waitFor();
    return new Said(code, Files.readAllLines(out, StandardCharsets.UTF_8), Files.readAllLines(err));
  }

  private Said start(String... args) throws IOException, InterruptedException {
    return start(house.resolve("banyan"), args);
  }

  @ParameterizedTest
  @CsvSource({
    "25.0.3, true",
    "25.0.4.1, true",
    "25.1, true",
    "26, true",
    "26-ea, true",
    "25.0.2, false",
    "25, false",
    "17.0.15, false",
    "1.8.0_402, false"
  })
  void aJdkIsTakenFromTwentyFiveZeroThree(String version, boolean taken) throws Exception {
    environment.put("JAVA_HOME", jdk("j", version).toString());
    Said said = start("--help");
    if (taken) {
      assertThat(said.code()).isZero();
      assertThat(said.out()).first().isEqualTo("java j");
    } else {
      assertThat(said.code()).isEqualTo(69);
    }
  }

  @Test
  void withoutAJdkThereIsOneLineThatSaysWhatToDo() throws Exception {
    Files.createDirectories(folder.resolve("empty"));
    environment.put("BANYAN_JDK_FOLDERS", folder.resolve("empty").toString());
    Said said = start("--help");
    assertThat(said.code()).isEqualTo(69);
    assertThat(said.out()).isEmpty();
    assertThat(said.err())
        .singleElement()
        .asString()
        .contains("25.0.3", "BANYAN_JAVA_HOME", "https://adoptium.net");
  }

  @Test
  void theNewestTwentyFiveOfTheUsualFoldersIsTaken() throws Exception {
    List<String> homes = new ArrayList<>();
    for (String version : List.of("17.0.1", "26.0.1", "25.0.3", "25.0.7", "25.0.4")) {
      homes.add(jdk("jdk-" + version, version).toString());
    }
    environment.put("BANYAN_JDK_FOLDERS", String.join(" ", homes));
    assertThat(start("--help").out()).first().isEqualTo("java jdk-25.0.7");
  }

  @Test
  void theVariablesOwnJdkComesFirstAndAnUnfitOneIsNotSilentlyReplaced() throws Exception {
    environment.put("JAVA_HOME", jdk("usual", "25.0.9").toString());
    environment.put("BANYAN_JAVA_HOME", jdk("my own", "25.0.3").toString());
    assertThat(start("--help").out()).first().isEqualTo("java my own");

    environment.put("BANYAN_JAVA_HOME", jdk("old", "21.0.1").toString());
    Said said = start("--help");
    assertThat(said.code()).isEqualTo(69);
    assertThat(said.err()).singleElement().asString().contains("BANYAN_JAVA_HOME=");
  }

  @Test
  void argumentsArriveAsTheyWereTypedAlsoThroughLinks() throws Exception {
    environment.put("JAVA_HOME", jdk("j", "25.0.3").toString());
    environment.put("BANYAN_HEAP", "3g");
    Files.createDirectories(folder.resolve("bin"));
    Path link = Files.createSymbolicLink(folder.resolve("bin/by"), house.resolve("banyan"));
    Path second = Files.createSymbolicLink(folder.resolve("again"), Path.of("bin/by"));
    assertThat(link).exists();

    Said said = start(second, "generate", "a b", "", "*", "$HOME", "it's");

    assertThat(said.out()).contains("<-Xmx3g>");
    assertThat(said.out().subList(said.out().size() - 8, said.out().size()))
        .containsExactly(
            "<-jar>",
            "<" + house.toRealPath() + "/.banyan/app-1/banyan.jar>",
            "<generate>",
            "<a b>",
            "<>",
            "<*>",
            "<$HOME>",
            "<it's>");
  }

  @Test
  void commandsThatUseLibtorchAreStartedWithTheModelFlagsOfTheBuild() throws Exception {
    environment.put("JAVA_HOME", jdk("j", "25.0.3").toString());
    String pom = Files.readString(Path.of("..", "pom.xml"));
    int from = pom.indexOf("<banyan.jvm.flags>") + "<banyan.jvm.flags>".length();
    String flags = pom.substring(from, pom.indexOf("</banyan.jvm.flags>"));
    List<String> expected = List.of(flags.split(" ", -1)).stream().map(f -> "<" + f + ">").toList();

    assertThat(start("some-command").out()).containsAll(expected);
    assertThat(start("--help").out()).doesNotContainAnyElementsOf(expected);
    for (Noun noun : Banyan.NOUNS) {
      for (Class<?> command : noun.commands()) {
        if (command.isAnnotationPresent(UsesLibtorch.class)) {
          String verb = noun.alone() ? "x" : command.getAnnotation(Command.class).name();
          assertThat(start(noun.name(), verb).out()).as(command.getName()).containsAll(expected);
        }
      }
    }
  }

  @Test
  void aHouseThatIsNotBuiltNeedsMavenAndSaysSo() throws Exception {
    environment.put("JAVA_HOME", jdk("j", "25.0.3").toString());
    Files.delete(house.resolve(".banyan/current"));
    Files.createDirectories(folder.resolve("tools"));
    for (String tool : List.of("dirname", "readlink", "mkdir", "find", "head", "uname")) {
      Path there = Path.of("/usr/bin", tool);
      if (Files.exists(there)) {
        Files.createSymbolicLink(folder.resolve("tools").resolve(tool), there);
      }
    }
    environment.put("PATH", folder.resolve("tools").toString());
    Said said = start("--help");
    assertThat(said.code()).isEqualTo(69);
    assertThat(said.err()).singleElement().asString().contains("apt-get install maven");
  }

  /** Maven is a script here that leaves a jar; the second start has to wait for the first. */
  @Test
  void twoFirstStartsBuildOnceAndALaterSourceBuildsAgain() throws Exception {
    environment.put("JAVA_HOME", jdk("j", "25.0.3").toString());
    Files.delete(house.resolve(".banyan/current"));
    Files.writeString(house.resolve("pom.xml"), "<project/>");
    Path source = Files.createDirectories(house.resolve("core/src/main")).resolve("A.java");
    Files.writeString(source, "");
    Path mvn = Files.createDirectories(folder.resolve("tools")).resolve("mvn");
    Files.writeString(
        mvn,
        "#!/bin/sh\necho built >>'"
            + folder
            + "/builds'\nsleep 1\nmkdir -p cli/target/lib\n"
            + "echo jar >cli/target/banyan.jar\necho jar >cli/target/lib/x-1.jar\n"
            + "echo '[INFO] ---< dev.banyan:core >---'\n");
    mvn.toFile().setExecutable(true);
    environment.put("PATH", folder.resolve("tools") + ":/usr/bin:/bin");

    var other = new Thread[1];
    var code = new int[] {-1};
    ProcessBuilder second =
        new ProcessBuilder("/bin/sh", house.resolve("banyan").toString(), "--help")
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("second.txt").toFile());
    second.environment().clear();
    second.environment().putAll(environment);
    Process beside = second.start();
    other[0] = Thread.currentThread();
    Said first = start("--help");
    code[0] = beside.waitFor();

    assertThat(first.code()).isZero();
    assertThat(code[0]).isZero();
    assertThat(Files.readAllLines(folder.resolve("builds"))).hasSize(1);
    assertThat(first.out()).first().isEqualTo("java j");
    assertThat(house.resolve(".banyan/building")).doesNotExist();

    assertThat(start("--help").err()).isEmpty();
    assertThat(Files.readAllLines(folder.resolve("builds"))).hasSize(1);

    Files.setLastModifiedTime(source, FileTime.fromMillis(System.currentTimeMillis() + 5_000));
    assertThat(start("--help").err()).anyMatch(line -> line.strip().equals("core"));
    assertThat(Files.readAllLines(folder.resolve("builds"))).hasSize(2);
  }

  @Test
  void aBuildThatFailsShowsTheEndOfItsLogAndKeepsNoLock() throws Exception {
    environment.put("JAVA_HOME", jdk("j", "25.0.3").toString());
    Files.delete(house.resolve(".banyan/current"));
    Files.writeString(house.resolve("pom.xml"), "<project/>");
    Path mvn = Files.createDirectories(folder.resolve("tools")).resolve("mvn");
    Files.writeString(mvn, "#!/bin/sh\necho '[ERROR] A.java:3: what is this'\nexit 1\n");
    mvn.toFile().setExecutable(true);
    environment.put("PATH", folder.resolve("tools") + ":/usr/bin:/bin");

    Said said = start("--help");

    assertThat(said.code()).isEqualTo(70);
    assertThat(said.err()).anyMatch(line -> line.contains("A.java:3: what is this"));
    assertThat(said.err()).last().asString().contains("build.log");
    assertThat(house.resolve(".banyan/building")).doesNotExist();
  }

  /**
   * Four starts find the lock of one that was killed, and what one killed while it broke it left.
   */
  @Test
  @Timeout(120)
  void theLockOfAKilledStartIsTakenOverByOneOnly() throws Exception {
    environment.put("JAVA_HOME", jdk("j", "25.0.3").toString());
    Files.delete(house.resolve(".banyan/current"));
    Files.writeString(house.resolve("pom.xml"), "<project/>");
    Path mvn = Files.createDirectories(folder.resolve("tools")).resolve("mvn");
    Files.writeString(
        mvn,
        "#!/bin/sh\necho built >>'"
            + folder
            + "/builds'\nsleep 1\nmkdir -p cli/target/lib\n"
            + "echo jar >cli/target/banyan.jar\necho jar >cli/target/lib/x-1.jar\n");
    mvn.toFile().setExecutable(true);
    environment.put("PATH", folder.resolve("tools") + ":/usr/bin:/bin");
    Process killed = new ProcessBuilder("/bin/sh", "-c", "exit").start();
    killed.waitFor();
    Path dead = Path.of(Long.toString(killed.pid()));
    Files.createSymbolicLink(house.resolve(".banyan/building"), dead);
    Files.createSymbolicLink(house.resolve(".banyan/building." + dead), dead);
    // An older launcher's lock, whose starter was killed before it wrote its number.
    Files.createDirectories(house.resolve(".banyan/lock"));

    List<Process> starts = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      ProcessBuilder start =
          new ProcessBuilder("/bin/sh", house.resolve("banyan").toString(), "--help")
              .redirectErrorStream(true)
              .redirectOutput(folder.resolve("start" + i + ".txt").toFile());
      start.environment().clear();
      start.environment().putAll(environment);
      starts.add(start.start());
    }
    for (Process start : starts) {
      assertThat(start.waitFor()).isZero();
    }

    assertThat(Files.readAllLines(folder.resolve("builds"))).hasSize(1);
    try (var left = Files.list(house.resolve(".banyan"))) {
      assertThat(left.map(path -> path.getFileName().toString()))
          .noneMatch(name -> name.startsWith("building"));
    }
  }
}
