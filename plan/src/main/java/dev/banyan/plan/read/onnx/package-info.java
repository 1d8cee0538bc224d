/** ONNX models, with the shapes of what the file does not give inferred. */
@NullMarked
package dev.banyan.plan.read.onnx;

import org.jspecify.annotations.NullMarked;
