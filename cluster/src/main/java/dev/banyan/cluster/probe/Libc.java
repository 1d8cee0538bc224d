package dev.banyan.cluster.probe;

import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * The system calls a probe needs and the JDK does not give: IP options, the error queue of a
 * socket, and entering a network namespace. Linux only. Numbers are those of {@code <linux/in.h>},
 * {@code <asm-generic/socket.h>} and {@code <linux/errqueue.h>}.
 */
final class Libc {
  static final int DATAGRAM = 2;
  static final int STREAM = 1;
  static final int IN_PROGRESS = 115;
  static final int ADDRESS_IN_USE = 98;

  private static final int NON_BLOCKING = 0x800;
  private static final int CLOSE_ON_EXEC = 0x80000;
  private static final int INTERNET = 2;
  private static final int IP = 0;
  private static final int TIME_TO_LIVE = 2;
  private static final int RECEIVE_ERRORS = 11;
  private static final int SOCKET = 1;
  private static final int REUSE_ADDRESS = 2;
  private static final int ERROR_QUEUE = 0x2000;
  private static final int DO_NOT_WAIT = 0x40;
  private static final int NO_SIGNAL = 0x4000;
  private static final int NEW_NETWORK = 0x40000000;
  private static final short POLL_ERROR = 8;

  private static final Linker LINKER = Linker.nativeLinker();
  private static final Linker.Option ERRNO = Linker.Option.captureCallState("errno");
  private static final StructLayout CALL_STATE = Linker.Option.captureStateLayout();
  private static final VarHandle ERRNO_OF = CALL_STATE.varHandle(PathElement.groupElement("errno"));
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final AddressLayout POINTER = ValueLayout.ADDRESS;
  private static final ValueLayout.OfShort NETWORK_SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final ValueLayout.OfInt NETWORK_INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private static final MethodHandle SOCKET_CALL = call("socket", INT, INT, INT, INT);
  private static final MethodHandle OPTION_CALL =
      call("setsockopt", INT, INT, INT, INT, POINTER, INT);
  private static final MethodHandle BIND_CALL = call("bind", INT, INT, POINTER, INT);
  private static final MethodHandle CONNECT_CALL = call("connect", INT, INT, POINTER, INT);
  private static final MethodHandle SEND_CALL = call("send", LONG, INT, POINTER, LONG, INT);
  private static final MethodHandle MESSAGE_CALL = call("recvmsg", LONG, INT, POINTER, INT);
  private static final MethodHandle POLL_CALL = call("poll", INT, POINTER, LONG, INT);
  private static final MethodHandle CLOSE_CALL = call("close", INT, INT);
  private static final MethodHandle OPEN_CALL = call("open", INT, POINTER, INT);
  private static final MethodHandle NAMESPACE_CALL = call("setns", INT, INT, INT);

  private final Arena arena;
  private final MemorySegment state;
  private final MemorySegment address;
  private final MemorySegment one;
  private final MemorySegment message;
  private final MemorySegment control;

  /** For one thread, as long as the arena is open. */
  Libc(Arena arena) {
    this.arena = arena;
    this.state = arena.allocate(CALL_STATE);
    this.address = arena.allocate(16);
    this.one = arena.allocate(16);
    this.message = arena.allocate(64 + 16 + 64, 8);
    this.control = arena.allocate(512, 8);
  }

  private static MethodHandle call(String name, MemoryLayout result, MemoryLayout... arguments) {
    return LINKER.downcallHandle(
        LINKER
            .defaultLookup()
            .find(name)
            .orElseThrow(() -> new IllegalStateException("no " + name + " in the C library")),
        FunctionDescriptor.of(result, arguments),
        ERRNO);
  }

  int errno() {
    return (int) ERRNO_OF.get(state, 0L);
  }

  /** A socket that never blocks. */
  int socket(int type) {
    return (int) invoke(SOCKET_CALL, state, INTERNET, type | NON_BLOCKING | CLOSE_ON_EXEC, 0);
  }

  /** Lets packets live for so many hops and keeps what routers say about them. */
  boolean traced(int socket, int hops) {
    return option(socket, IP, TIME_TO_LIVE, hops)
        && option(socket, IP, RECEIVE_ERRORS, 1)
        && option(socket, SOCKET, REUSE_ADDRESS, 1);
  }

  private boolean option(int socket, int level, int name, int value) {
    one.set(INT, 0, value);
    return (int) invoke(OPTION_CALL, state, socket, level, name, one, 4) == 0;
  }

  boolean bind(int socket, int ip, int port) {
    return (int) invoke(BIND_CALL, state, socket, internet(ip, port), 16) == 0;
  }

  boolean connect(int socket, int ip, int port) {
    return (int) invoke(CONNECT_CALL, state, socket, internet(ip, port), 16) == 0;
  }

  private MemorySegment internet(int ip, int port) {
    address.fill((byte) 0);
    address.set(ValueLayout.JAVA_SHORT, 0, (short) INTERNET);
    address.set(NETWORK_SHORT, 2, (short) port);
    address.set(NETWORK_INT, 4, ip);
    return address;
  }

  /** Sends a datagram of eight zero bytes. */
  boolean send(int socket) {
    return (long) invoke(SEND_CALL, state, socket, one, 8L, NO_SIGNAL) >= 0;
  }

  void close(int socket) {
    int unused = (int) invoke(CLOSE_CALL, state, socket);
  }

  /** A list of sockets to wait for. */
  MemorySegment pollList(int[] sockets) {
    MemorySegment list = arena.allocate(8L * sockets.length, 4);
    for (int i = 0; i < sockets.length; i++) {
      list.set(INT, 8L * i, sockets[i]);
      list.set(ValueLayout.JAVA_SHORT, 8L * i + 4, (short) 0);
    }
    return list;
  }

  /** Waits until one of the list has an error, or the time is over; how many have. */
  int poll(MemorySegment list, int millis) {
    return (int) invoke(POLL_CALL, state, list, list.byteSize() / 8, millis);
  }

  static boolean hasError(MemorySegment list, int index) {
    return (list.get(ValueLayout.JAVA_SHORT, 8L * index + 6) & POLL_ERROR) != 0;
  }

  /** Leaves a socket out of further waiting. */
  static void forget(MemorySegment list, int index) {
    list.set(INT, 8L * index, -1);
  }

  /**
   * Who answered: the offender of the next entry in the error queue.
   *
   * @return the address as a number and 1 &lt;&lt; 32, or 0 when there is no ICMP entry
   */
  long offender(int socket) {
    // struct msghdr: name, namelen, iov, iovlen, control, controllen, flags.
    MemorySegment data = message.asSlice(80, 64);
    message.set(POINTER, 64, data);
    message.set(LONG, 72, 64);
    message.set(POINTER, 0, MemorySegment.NULL);
    message.set(INT, 8, 0);
    message.set(POINTER, 16, message.asSlice(64, 16));
    message.set(LONG, 24, 1);
    message.set(POINTER, 32, control);
    message.set(LONG, 40, control.byteSize());
    message.set(INT, 48, 0);
    if ((long) invoke(MESSAGE_CALL, state, socket, message, ERROR_QUEUE | DO_NOT_WAIT) < 0) {
      return 0;
    }
    long length = message.get(LONG, 40);
    // struct cmsghdr: len, level, type; then sock_extended_err (16 bytes) and the offender.
    for (long at = 0; at + 16 <= length; ) {
      long entry = control.get(LONG, at);
      boolean errors =
          control.get(INT, at + 8) == IP && control.get(INT, at + 12) == RECEIVE_ERRORS;
      int origin = errors ? control.get(ValueLayout.JAVA_BYTE, at + 20) : 0;
      if (errors && origin == 2 && entry >= 16 + 16 + 8) {
        return 1L << 32 | Integer.toUnsignedLong(control.get(NETWORK_INT, at + 16 + 16 + 4));
      }
      at += Math.max(16, (entry + 7) & ~7);
    }
    return 0;
  }

  /** Moves this thread into a network namespace, for good; false and errno when it may not. */
  boolean enterNamespace(String path) {
    byte[] bytes = (path + "\0").getBytes(StandardCharsets.UTF_8);
    MemorySegment name = arena.allocate(bytes.length);
    MemorySegment.copy(bytes, 0, name, ValueLayout.JAVA_BYTE, 0, bytes.length);
    int file = (int) invoke(OPEN_CALL, state, name, CLOSE_ON_EXEC);
    if (file < 0) {
      return false;
    }
    boolean entered = (int) invoke(NAMESPACE_CALL, state, file, NEW_NETWORK) == 0;
    int why = errno();
    close(file);
    ERRNO_OF.set(state, 0L, why);
    return entered;
  }

  private static Object invoke(MethodHandle call, Object... arguments) {
    try {
      return call.invokeWithArguments(arguments);
    } catch (Throwable e) {
      throw new IllegalStateException("a system call could not be made", e);
    }
  }
}
