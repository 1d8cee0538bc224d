package dev.banyan.serve.process;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the kernel says of a process of this machine (proc(5), the third field of {@code stat}). */
public enum ProcessState {
  /** It runs, or would if it were its turn, or waits for something. */
  RUNS,

  /** By SIGSTOP or a debugger: nothing of it goes on until somebody lets it. */
  STOPPED,

  /** It has ended. */
  GONE,

  /** The kernel of this machine does not tell. */
  UNKNOWN;

  /** The state of a process by its number. */
  public static ProcessState of(long process) {
    if (ProcessHandle.of(process).filter(ProcessHandle::isAlive).isEmpty()) {
      return GONE;
    }
    String stat;
    try {
      // a program's name may be any bytes
      byte[] bytes = Files.readAllBytes(Path.of("/proc", Long.toString(process), "stat"));
      stat = new String(bytes, StandardCharsets.ISO_8859_1);
    } catch (IOException e) {
      return UNKNOWN;
    }
    int name = stat.lastIndexOf(')'); // which may have brackets and spaces
    return switch (name >= 0 && name + 2 < stat.length() ? stat.charAt(name + 2) : ' ') {
      case 'T', 't' -> STOPPED;
      case 'Z', 'X' -> GONE;
      case ' ' -> UNKNOWN;
      default -> RUNS;
    };
  }
}
