package dev.banyan.serve.gateway;

import dev.banyan.model.StopText;
import dev.banyan.model.StreamingDecoder;
import dev.banyan.serve.http.BadRequestException;
import dev.banyan.serve.wire.Token;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One answer while it grows: its tokens, and the text they are. */
final class Choice {
  final int index;
  final Stream stream;
  final @Nullable ToolCalls tools;
  final StringBuilder text = new StringBuilder();
  final List<Token> tokens = new ArrayList<>();

  /** The stop token, which is no part of the answer. */
  @Nullable Token end;

  String finish = "";

  private boolean begun;
  private final StreamingDecoder decoder;
  private final StopText gate;

  Choice(
      int index,
      Stream stream,
      StreamingDecoder decoder,
      StopText gate,
      @Nullable ToolCalls tools) {
    this.index = index;
    this.tools = tools;
    this.stream = stream;
    this.decoder = decoder;
    this.gate = gate;
  }

  /** Whether what is told of it now is the first of it. */
  boolean begins() {
    boolean first = !begun;
    begun = true;
    return first;
  }

  boolean isOver() {
    return !finish.isEmpty();
  }

  /** Takes a token; gives the text that is certain now. */
  String take(Token token, LiveCluster cluster) throws BadRequestException {
    switch (token.finish()) {
      case ERROR ->
          throw cluster.isEnding()
              ? new BadRequestException(503, "the server is stopping")
              : new BadRequestException(500, "the engine could not go on with this request");
      case STOP -> {
        finish = "stop";
        end = stream.asked.maxTokens() > 0 ? token : null;
      }
      case NONE, LENGTH -> tokens.add(token);
    }
    String piece = "";
    if (token.finish() != Token.Finish.STOP) {
      piece = gate.add(decoder.add(token.id()));
    }
    if (token.finish() == Token.Finish.LENGTH) {
      finish = "length";
    }
    if (!finish.isEmpty()) {
      piece += gate.add(decoder.finish());
      piece += gate.finish();
    }
    if (gate.isStopped()) {
      finish = "stop";
      cluster.cancel(stream);
    }
    if (tools != null) {
      piece = tools.add(piece);
      if (!finish.isEmpty()) {
        piece += tools.finish();
        if (!tools.calls().isEmpty() && !finish.equals("length")) {
          finish = "tool_calls";
        }
      }
    }
    text.append(piece);
    return piece;
  }
}
