package dev.banyan.cli.frame;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a command that computes with libtorch. The launcher starts it with the model flags, and it
 * ends without libtorch's own exit handlers, one of which may hang.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface UsesLibtorch {}
