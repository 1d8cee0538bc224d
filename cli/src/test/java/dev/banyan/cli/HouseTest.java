package dev.banyan.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The house's rules, read from the class files. */
class HouseTest {
  /** A room may use rooms on strictly lower floors. */
  private static final Map<String, Integer> FLOOR =
      Map.ofEntries(
          Map.entry("core", 1),
          Map.entry("tensor", 2),
          Map.entry("weights", 2),
          Map.entry("plan", 2),
          Map.entry("world", 2),
          Map.entry("cluster", 2),
          Map.entry("model", 3),
          Map.entry("serve", 4),
          Map.entry("train", 4),
          Map.entry("grow", 5),
          Map.entry("arena", 5),
          Map.entry("corpus", 5),
          Map.entry("adapt", 5),
          Map.entry("mix", 5),
          Map.entry("tune", 5),
          Map.entry("scorecard", 6),
          Map.entry("bench", 7),
          Map.entry("cli", 8));

  /** Rooms whose public types may all be used; of the others only the root package. */
  private static final Set<String> OPEN = Set.of("tensor", "weights");

  private static JavaClasses house = new ClassFileImporter().importClasses();

  @BeforeAll
  @SuppressWarnings("NonFinalStaticField")
  static void read() {
    house =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.banyan");
  }

  @Test
  void everyRoomHasAFloorAndClassesWereRead() {
    Set<String> rooms = new TreeSet<>();
    house.forEach(each -> rooms.add(room(each)));
    assertThat(FLOOR.keySet()).containsAll(rooms);
    assertThat(rooms)
        .contains("core", "tensor", "weights", "plan", "world", "model", "train", "cli");
  }

  @Test
  void arrowsPointStrictlyDown() {
    List<String> wrong = new ArrayList<>();
    for (Dependency arrow : arrowsBetweenRooms()) {
      if (floor(arrow.getTargetClass()) >= floor(arrow.getOriginClass())) {
        wrong.add(arrow.getDescription());
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void otherRoomsUseOnlyARoomsRootPackage() {
    List<String> wrong = new ArrayList<>();
    for (Dependency arrow : arrowsBetweenRooms()) {
      JavaClass used = arrow.getTargetClass();
      boolean root = used.getPackageName().equals("dev.banyan." + room(used));
      if (!root && !OPEN.contains(room(used))) {
        wrong.add(arrow.getDescription());
      }
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void onlyTensorKnowsBytedecoAndOnlyCliKnowsCommandLines() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.banyan.tensor..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("org.bytedeco..")
        .check(house);
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.banyan.cli..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("picocli..")
        .check(house);
  }

  @Test
  void theCheckerOfPlansSharesNothingWithWhatMakesThem() {
    noClasses()
        .that()
        .resideInAPackage("dev.banyan.plan.check..")
        .should()
        .dependOnClassesThat(
            DescribedPredicate.describe(
                "make plans",
                each ->
                    each.getPackageName().startsWith("dev.banyan.plan.")
                        && !each.getPackageName().equals("dev.banyan.plan.check")))
        .orShould()
        .dependOnClassesThat()
        .haveSimpleName("MemoryPlanner")
        .check(house);
  }

  @Test
  void theCheckerOfRouteCertificatesSharesNothingWithWhatPlansAndPrices() {
    noClasses()
        .that()
        .resideInAPackage("dev.banyan.cluster.proof..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "dev.banyan.cluster.certify..",
            "dev.banyan.cluster.fabric..",
            "dev.banyan.cluster.route..",
            "dev.banyan.cluster.simulate..")
        .orShould()
        .dependOnClassesThat()
        .haveSimpleName("RoutePlanner")
        .check(house);
  }

  @Test
  void roomsNeitherPrintNorEndTheProcess() {
    DescribedPredicate<JavaClass> library =
        DescribedPredicate.describe(
            "are in a room other than cli and in no package process",
            each ->
                !room(each).equals("cli")
                    && !room(each).equals("bench")
                    && !each.getPackageName().contains(".process"));
    noClasses().that(library).should().accessField(System.class, "out").check(house);
    noClasses().that(library).should().accessField(System.class, "err").check(house);
    noClasses().that(library).should().callMethod(System.class, "exit", int.class).check(house);
    noClasses().that(library).should().callMethod(Throwable.class, "printStackTrace").check(house);
    noClasses()
        .that(library)
        .should()
        .callMethod(System.class, "setOut", PrintStream.class)
        .check(house);
  }

  @Test
  void everyPackageIsNullMarked() {
    Set<String> unmarked = new TreeSet<>();
    for (JavaClass each : house) {
      if (!each.getPackage().isAnnotatedWith(NullMarked.class)) {
        unmarked.add(each.getPackageName());
      }
    }
    assertThat(unmarked).isEmpty();
  }

  /** The root package, with the door and its records, is used by the steps and uses them. */
  @Test
  void theStepsOfARoomDoNotGoInCircles() {
    slices().matching("dev.banyan.(*).(*)..").should().beFreeOfCycles().check(house);
  }

  private static List<Dependency> arrowsBetweenRooms() {
    List<Dependency> arrows = new ArrayList<>();
    for (JavaClass each : house) {
      for (Dependency arrow : each.getDirectDependenciesFromSelf()) {
        JavaClass target = arrow.getTargetClass().getBaseComponentType();
        if (target.getPackageName().startsWith("dev.banyan.") && !room(target).equals(room(each))) {
          arrows.add(arrow);
        }
      }
    }
    return arrows;
  }

  private static String room(JavaClass each) {
    String rest = each.getBaseComponentType().getPackageName().substring("dev.banyan.".length());
    int dot = rest.indexOf('.');
    return dot < 0 ? rest : rest.substring(0, dot);
  }

  private static int floor(JavaClass each) {
    Integer floor = FLOOR.get(room(each));
    if (floor == null) {
      throw new AssertionError(each.getName() + " is in a room without a floor");
    }
    return floor;
  }
}
