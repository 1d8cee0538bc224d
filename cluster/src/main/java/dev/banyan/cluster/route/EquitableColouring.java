package dev.banyan.cluster.route;

import java.util.Arrays;

/**
 * An equitable edge colouring of a bipartite multigraph: at every vertex the numbers of edges of
 * any two colours differ by at most one. It exists for any number of colours (de Werra 1971). A
 * vertex of degree d is split into ⌈d/C⌉ of degree at most C, and a proper colouring of that graph
 * with C colours (König 1916) is equitable on the whole: every full part has each colour once, the
 * last at most once.
 *
 * <p>Proper colouring by Euler splits: each half has at most ⌈C/2⌉ edges at a vertex. Where C is
 * odd the halves use one colour too many; the smallest class is taken out and its edges are put
 * back along alternating paths (Gabow and Kariv 1982). O(E log C) for powers of two, plus O(E / C)
 * alternating paths for each odd step.
 */
public final class EquitableColouring {
  private final int[] left;
  private final int[] right;
  private final int vertices;
  private final int[] colour;

  // The working storage of an Euler split, by vertex and by edge.
  private final int[] start;
  private final int[] next;
  private final int[] incident;
  private final boolean[] gone;
  private final int[] scratch;

  private EquitableColouring(int[] left, int[] right, int vertices) {
    this.left = left;
    this.right = right;
    this.vertices = vertices;
    this.colour = new int[left.length];
    this.start = new int[vertices + 1];
    this.next = new int[vertices];
    this.incident = new int[2 * left.length];
    this.gone = new boolean[left.length];
    this.scratch = new int[left.length];
  }

  /**
   * Colours edges.
   *
   * @param from left end of every edge
   * @param to right end of every edge; ends are numbered from 0 on both sides
   * @param colours how many, at least 1
   * @return a colour from 0 for every edge
   */
  public static int[] colour(int[] from, int[] to, int colours) {
    int lefts = Arrays.stream(from).max().orElse(-1) + 1;
    int rights = Arrays.stream(to).max().orElse(-1) + 1;
    int[] splitLeft = new int[from.length];
    int[] splitRight = new int[from.length];
    int middle = split(from, lefts, colours, 0, splitLeft);
    int vertices = split(to, rights, colours, middle, splitRight);
    var colouring = new EquitableColouring(splitLeft, splitRight, vertices);
    int[] edges = new int[from.length];
    Arrays.setAll(edges, e -> e);
    colouring.proper(edges, 0, edges.length, colours);
    return colouring.colour;
  }

  /** Numbers the parts of every vertex from {@code first} on; the first number not used. */
  private static int split(int[] ends, int count, int colours, int first, int[] parts) {
    int[] degree = new int[count];
    for (int end : ends) {
      degree[end]++;
    }
    int[] base = new int[count];
    int part = first;
    for (int v = 0; v < count; v++) {
      base[v] = part;
      part += (degree[v] + colours - 1) / colours;
    }
    int[] seen = new int[count];
    for (int e = 0; e < ends.length; e++) {
      parts[e] = base[ends[e]] + seen[ends[e]]++ / colours;
    }
    return part;
  }

  /** Colours edges[from, to), no more than {@code colours} of which meet, with 0 … colours - 1. */
  private void proper(int[] edges, int from, int to, int colours) {
    if (colours == 1 || to - from <= 1) {
      for (int i = from; i < to; i++) {
        colour[edges[i]] = 0;
      }
      return;
    }
    int middle = eulerSplit(edges, from, to);
    int half = (colours + 1) / 2;
    proper(edges, from, middle, half);
    proper(edges, middle, to, half);
    for (int i = middle; i < to; i++) {
      colour[edges[i]] += half;
    }
    if (colours % 2 == 1) {
      dropOneColour(edges, from, to, colours);
    }
  }

  /**
   * Parts edges so that at every vertex the halves differ by at most one; where the second begins.
   * Along Euler trails, begun at odd vertices, edges walked from left to right are one half.
   */
  private int eulerSplit(int[] edges, int from, int to) {
    Arrays.fill(start, 0);
    for (int i = from; i < to; i++) {
      start[left[edges[i]] + 1]++;
      start[right[edges[i]] + 1]++;
      gone[edges[i]] = false;
    }
    for (int v = 0; v < vertices; v++) {
      start[v + 1] += start[v];
    }
    System.arraycopy(start, 0, next, 0, vertices);
    for (int i = from; i < to; i++) {
      incident[next[left[edges[i]]]++] = edges[i];
      incident[next[right[edges[i]]]++] = edges[i];
    }
    System.arraycopy(start, 0, next, 0, vertices);
    int first = from;
    int spare = 0;
    for (int round = 0; round < 2; round++) {
      for (int v = 0; v < vertices; v++) {
        boolean odd = (start[v + 1] - start[v]) % 2 == 1;
        if (round == 0 && !odd) {
          continue;
        }
        // One trail from an odd vertex uses up one edge more than it gives back: enough. In the
        // second round every degree left is even, and trails close.
        int at = v;
        while (true) {
          while (next[at] < start[at + 1] && gone[incident[next[at]]]) {
            next[at]++;
          }
          if (next[at] == start[at + 1]) {
            if (round == 0 || at == v) {
              break;
            }
            throw new IllegalStateException("a trail ended at vertex " + at);
          }
          int edge = incident[next[at]++];
          gone[edge] = true;
          if (left[edge] == at) {
            at = right[edge];
            edges[first++] = edge;
          } else {
            at = left[edge];
            scratch[spare++] = edge;
          }
        }
      }
    }
    System.arraycopy(scratch, 0, edges, first, spare);
    return first;
  }

  /** Turns a colouring with colours 0 … colours into one without the last. */
  private void dropOneColour(int[] edges, int from, int to, int colours) {
    int[] size = new int[colours + 1];
    for (int i = from; i < to; i++) {
      size[colour[edges[i]]]++;
    }
    int smallest = 0;
    for (int c = 1; c <= colours; c++) {
      smallest = size[c] < size[smallest] ? c : smallest;
    }
    int[] at = new int[vertices * colours];
    Arrays.fill(at, -1);
    int[] out = new int[size[smallest]];
    int count = 0;
    for (int i = from; i < to; i++) {
      int e = edges[i];
      if (colour[e] == smallest) {
        out[count++] = e;
        continue;
      }
      colour[e] = colour[e] == colours ? smallest : colour[e];
      at[left[e] * colours + colour[e]] = e;
      at[right[e] * colours + colour[e]] = e;
    }
    for (int e : out) {
      int a = free(at, left[e] * colours, colours);
      int b = free(at, right[e] * colours, colours);
      if (at[right[e] * colours + a] >= 0) {
        flip(at, colours, right[e], a, b);
      }
      colour[e] = a;
      at[left[e] * colours + a] = e;
      at[right[e] * colours + a] = e;
    }
  }

  private static int free(int[] at, int base, int colours) {
    for (int c = 0; c < colours; c++) {
      if (at[base + c] < 0) {
        return c;
      }
    }
    throw new IllegalStateException("more than " + colours + " edges meet");
  }

  /** Swaps colours a and b along the path that begins at a vertex with a; b is free there. */
  private void flip(int[] at, int colours, int vertex, int a, int b) {
    int v = vertex;
    int is = a;
    int becomes = b;
    int edge = at[v * colours + is];
    at[v * colours + is] = -1;
    while (edge >= 0) {
      int other = left[edge] == v ? right[edge] : left[edge];
      int following = at[other * colours + becomes];
      colour[edge] = becomes;
      at[v * colours + becomes] = edge;
      at[other * colours + becomes] = edge;
      // The far end had `becomes` on the following edge, which takes `is` there.
      if (following < 0) {
        at[other * colours + is] = -1;
      }
      v = other;
      edge = following;
      int swap = is;
      is = becomes;
      becomes = swap;
    }
  }
}
