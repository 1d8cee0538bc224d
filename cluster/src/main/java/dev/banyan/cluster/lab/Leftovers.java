package dev.banyan.cluster.lab;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Removes what labs that were killed left behind. */
final class Leftovers {
  private Leftovers() {}

  /** Removes namespaces, their processes and control groups whose lab is dead; gives the names. */
  static List<String> sweep() {
    List<String> swept = new ArrayList<>();
    for (String name : namespaces()) {
      if (Owner.of(name).filter(owner -> !owner.lives()).isPresent()) {
        remove(name);
        swept.add(name);
      }
    }
    for (Path group : groups()) {
      String name = group.getFileName().toString();
      if (Owner.of(name).filter(owner -> !owner.lives()).isPresent()) {
        ProcessorQuota.remove(group);
        swept.add(name);
      }
    }
    return swept;
  }

  /** Kills everything in a namespace and removes it. */
  static void remove(String namespace) {
    try {
      for (String pid : Shell.run("ip", "netns", "pids", namespace).lines().toList()) {
        Shell.works("kill", "-KILL", pid);
      }
      Shell.run("ip", "netns", "delete", namespace);
    } catch (IOException e) {
      // gone already
    }
  }

  private static List<String> namespaces() {
    try {
      return Shell.run("ip", "netns", "list")
          .lines()
          .map(line -> line.split(" ", 2)[0])
          .filter(name -> !name.isEmpty())
          .toList();
    } catch (IOException e) {
      return List.of();
    }
  }

  private static List<Path> groups() {
    List<Path> groups = new ArrayList<>();
    ProcessorQuota.root()
        .ifPresent(
            root -> {
              try (var list = Files.list(root)) {
                list.filter(path -> path.getFileName().toString().startsWith("banyan-lab-"))
                    .forEach(groups::add);
              } catch (IOException e) {
                // nothing to sweep there
              }
            });
    return groups;
  }
}
