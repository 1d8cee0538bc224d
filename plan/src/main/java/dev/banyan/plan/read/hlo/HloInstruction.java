package dev.banyan.plan.read.hlo;

import java.util.List;

/**
 * One instruction of a computation.
 *
 * @param id unique in the module
 * @param operands ids of the instructions it reads
 * @param before ids of instructions it must wait for besides (control predecessors)
 * @param called ids of computations it calls
 * @param number a parameter's number, or the index of a get-tuple-element
 * @param effect whether the instruction does something besides giving its value
 */
record HloInstruction(
    long id,
    String name,
    String opcode,
    HloShape shape,
    List<Long> operands,
    List<Long> before,
    List<Long> called,
    long number,
    boolean effect) {
  HloInstruction {
    operands = List.copyOf(operands);
    before = List.copyOf(before);
    called = List.copyOf(called);
  }
}
