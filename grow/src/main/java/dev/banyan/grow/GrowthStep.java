package dev.banyan.grow;

/**
 * One thing a recipe does.
 *
 * @param name what grows: {@code hidden}, {@code heads}, {@code ffn}, {@code head-dim}, {@code
 *     layers}, {@code experts}
 * @param method the method's word
 * @param from the size before, for people
 * @param to the size after
 * @param exactness what it does to the function, with exact arithmetic
 * @param rounds whether storing rounds weights that were exact before
 * @param why in a few words
 * @param parameters of the model after this step and those before
 */
public record GrowthStep(
    String name,
    String method,
    String from,
    String to,
    Exactness exactness,
    boolean rounds,
    String why,
    long parameters) {}
