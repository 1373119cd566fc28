import type { ChatEvent, CompletionEvent, TokenAlternative, ToolCallDelta } from '../../service/wire.ts';
import type { ModelTurn, ToolCall } from '../chats/chat.ts';
import { partOf, withWholeCharacter, type DrawnToken } from './drawn-token.ts';

/** What an event of a stream brings. */
export interface AnswerPiece {
  requestId: string;
  content: string;
  reasoning: string;
  calls: readonly ToolCallDelta[];
  tokens: readonly DrawnToken[];
  /** `stop`, `length`; null until the last. */
  finishReason: string | null;
}

export function ofChat({ id, choices }: ChatEvent): AnswerPiece {
  const [choice] = choices;
  const tokens = (choice?.logprobs?.content ?? []).map(({ token, bytes, logprob, top_logprobs: top }) => ({
    ...toToken(token, logprob, top),
    ...partOf(token, bytes),
  }));
  return {
    requestId: id,
    content: choice?.delta.content ?? '',
    reasoning: choice?.delta.reasoning_content ?? '',
    calls: choice?.delta.tool_calls ?? [],
    tokens,
    finishReason: choice?.finish_reason ?? null,
  };
}

export function ofCompletion({ id, choices }: CompletionEvent): AnswerPiece {
  const [choice] = choices;
  const { tokens = [], token_logprobs: logprobs = [], top_logprobs: tops = [] } = choice?.logprobs ?? {};
  return {
    requestId: id,
    content: choice?.text ?? '',
    reasoning: '',
    calls: [],
    tokens: tokens.map((token, i) => {
      const top = Object.entries(tops?.[i] ?? {}).map(([text, logprob]) => ({ token: text, logprob }));
      return toToken(token, logprobs[i] ?? undefined, top);
    }),
    finishReason: choice?.finish_reason ?? null,
  };
}

/** The answer with what came. */
export function withPiece(turn: ModelTurn, piece: AnswerPiece): ModelTurn {
  const tokens = piece.tokens.reduce<readonly DrawnToken[]>(
    (before, token) => withWholeCharacter([...before, token]),
    turn.tokens,
  );
  return {
    ...turn,
    content: turn.content + piece.content,
    reasoning: turn.reasoning + piece.reasoning,
    calls: piece.calls.reduce<readonly ToolCall[]>(withCall, turn.calls),
    tokens,
    end: piece.finishReason ?? turn.end,
    figures: { ...turn.figures, numTokens: tokens.length },
  };
}

/** Id and name come with the first piece of a call, its arguments bit by bit. */
function withCall(calls: readonly ToolCall[], { index, id, function: piece }: ToolCallDelta): ToolCall[] {
  const { id: knownId, name, arguments: given } = calls[index] ?? { id: '', name: '', arguments: '' };
  const call = {
    id: id ?? knownId,
    name: piece.name ?? name,
    arguments: given + piece.arguments,
  };
  return [...calls.slice(0, index), call, ...calls.slice(index + 1)];
}

function toToken(text: string, logprob: number | undefined, top: readonly TokenAlternative[]): DrawnToken {
  return {
    text,
    probability: logprob === undefined ? undefined : Math.exp(logprob),
    alternatives: top
      .map((one) => ({ text: one.token, probability: Math.exp(one.logprob) }))
      .toSorted((a, b) => b.probability - a.probability),
  };
}
