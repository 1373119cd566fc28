import type { Engine, Reservation } from '../engine.ts';
import { EngineError } from '../../errors.ts';
import { withinDeadline, type Deadline } from './within-deadline.ts';

/** A text, or token ids that need no tokenizer. */
export type Prompt = string | readonly number[];

export interface EncodedPrompt {
  tokenIds: readonly number[];
  isTruncated: boolean;
  /** Tokens cut from the start; undefined where a long text's start was never tokenised. */
  numDropped: number | undefined;
}

export interface EncodeDemand {
  prompts: readonly Prompt[];
  /** Sequences of each prompt. */
  n: number;
  /** Most tokens kept from the end of each prompt; undefined: all. */
  numKept: number | undefined;
  /** The field that the prompts came from, for messages. */
  param: string;
  /** A chat template wrote the special tokens. */
  isRendered?: boolean;
}

/**
 * Turns prompts into token ids, in the turn of the client. The tokens that they have at least are taken of the queue
 * before, so that what cannot wait in it costs no work.
 * @throws EngineError `invalid_request`, `queue_full`, or what the tokenizer throws
 */
export async function encodePrompts(
  engine: Engine,
  demand: EncodeDemand,
  reservation: Reservation,
  deadline: Deadline,
): Promise<EncodedPrompt[]> {
  const { prompts, n, numKept = Infinity, param, isRendered = false } = demand;
  const leastTokens = prompts.reduce(
    (sum, prompt) => sum + Math.min(minNumTokens(engine, prompt), numKept),
    0,
  );
  reservation.takeTokens(n * leastTokens, param);
  const texts = prompts.filter((prompt) => typeof prompt === 'string');
  const options = { addSpecialTokens: !isRendered, numKept: demand.numKept };
  const { tokenizer } = engine;
  const { clientId } = reservation;
  const encoded =
    (texts.length === 0 ? [] : tokenizer.encodeNow(texts, options)) ??
    (await withinDeadline(deadline, (signal) => tokenizer.encode(texts, options, { clientId, signal })));
  const nextText = encoded.values();
  return prompts.map((prompt) => {
    const text = typeof prompt === 'string' ? nextText.next().value : undefined;
    const tokenIds = text?.tokenIds ?? keepEnd(prompt, numKept);
    const numTokens = text === undefined ? prompt.length : text.numTokens;
    const numDropped = numTokens === undefined ? undefined : numTokens - tokenIds.length;
    return { tokenIds: startFrom(engine, tokenIds, param), isTruncated: numDropped !== 0, numDropped };
  });
}

/** Known without any work. */
export function minNumTokens({ tokenizer }: Engine, prompt: Prompt): number {
  return typeof prompt === 'string' ? tokenizer.minNumTokens(prompt) : prompt.length;
}

function keepEnd(prompt: Prompt, numKept: number): readonly number[] {
  if (typeof prompt === 'string') return [];
  return prompt.length <= numKept ? prompt : prompt.slice(prompt.length - numKept);
}

/** An empty text starts from end-of-text, as in OpenAI's API: the model's mark between documents. */
function startFrom({ model }: Engine, tokenIds: readonly number[], param: string): readonly number[] {
  if (tokenIds.length > 0) return tokenIds;
  const [eosTokenId] = model.eosTokenIds;
  if (eosTokenId !== undefined) return [eosTokenId];
  throw new EngineError(
    'invalid_request',
    `${param}: there is no text, and this model has no end-of-text token to start from`,
    { param },
  );
}
