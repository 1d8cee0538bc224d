package dev.banyan.cli.frame;

import dev.banyan.core.ExitCode;
import dev.banyan.core.MissingThingException;
import dev.banyan.core.UserInputException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import org.jspecify.annotations.Nullable;

/**
 * What the person at the terminal sees of an exception.
 *
 * @param code the process's exit code
 * @param line one line for standard error, empty for nothing
 */
record Failure(int code, String line) {
  /** As a program that was ended by SIGPIPE. */
  static final int PIPE_CLOSED = 141;

  static Failure of(Throwable thrown) {
    // The outermost exception we know tells most; wrappers such as UncheckedIOException know least.
    int depth = 0;
    for (Throwable e = thrown; e != null && depth < 20; e = e.getCause(), depth++) {
      Failure known = known(e);
      if (known != null) {
        return known;
      }
    }
    return new Failure(
        ExitCode.BUG.code(),
        "this is a bug in Banyan, please report it: "
            + oneLine(thrown.toString())
            + " (BANYAN_TRACE=1 shows where)");
  }

  private static @Nullable Failure known(Throwable e) {
    if (e instanceof PipeClosedException) {
      return new Failure(PIPE_CLOSED, "");
    }
    if (e instanceof UserInputException) {
      return new Failure(ExitCode.BAD_INPUT.code(), oneLine(text(e)));
    }
    if (e instanceof MissingThingException) {
      return new Failure(ExitCode.MISSING.code(), oneLine(text(e)));
    }
    if (e instanceof OutOfMemoryError) {
      return new Failure(
          ExitCode.MISSING.code(),
          "not enough memory ("
              + oneLine(text(e))
              + "); give the heap more with BANYAN_HEAP=8g, or use a smaller model or batch");
    }
    if (e instanceof FileSystemException || diskFull(e)) {
      return new Failure(ExitCode.BAD_INPUT.code(), fileLine((IOException) e));
    }
    return null;
  }

  private static boolean diskFull(Throwable e) {
    String message = e.getMessage();
    return e instanceof IOException
        && message != null
        && (message.contains("No space left on device") || message.contains("quota exceeded"));
  }

  private static String fileLine(IOException e) {
    if (diskFull(e)) {
      String file = e instanceof FileSystemException f ? f.getFile() : null;
      return oneLine(
          (file == null ? "" : file + ": ")
              + "the disk is full (No space left on device); free some and run again");
    }
    if (e instanceof NoSuchFileException missing) {
      return oneLine(missing.getFile() + ": there is no such file or folder");
    }
    if (e instanceof AccessDeniedException denied) {
      return oneLine(denied.getFile() + ": permission denied");
    }
    if (e instanceof FileAlreadyExistsException there) {
      return oneLine(there.getFile() + ": is there already and is no folder; name another place");
    }
    if (e instanceof NotDirectoryException file) {
      return oneLine(file.getFile() + ": is a file, a folder was expected");
    }
    return oneLine(text(e));
  }

  private static String text(Throwable e) {
    String message = e.getMessage();
    return message == null || message.isBlank() ? e.getClass().getSimpleName() : message;
  }

  /** The text without line ends and control characters. */
  static String oneLine(String text) {
    return text.strip().replaceAll("\\s*\\R\\s*", " ").replaceAll("\\p{Cntrl}", "�");
  }
}
