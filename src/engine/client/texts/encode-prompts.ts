import type { Engine, Reservation } from '../../engine.ts';
import { EngineError } from '../../../errors.ts';
import type { TextCaller } from '../../../chat-template/chat-template.ts';
import { setMaxListeners } from 'node:events';
import type { TokenAllowance } from '../../caller.ts';
import { DEFAULT_POOLING, type Pooling } from '../../../model/pooling.ts';
import { checkTextLength } from '../../check-input.ts';
import { reserveUpTo, takeQueueTokens } from '../queue/reserve-up-to.ts';
import { withinDeadline } from '../queue/waits.ts';

/** A text, or token ids that need no tokenizer. */
export type Prompt = string | readonly number[];

export interface EncodedPrompt {
  tokenIds: readonly number[];
  isTruncated: boolean;
  /** Tokens cut from the start; undefined where a long text's start was never tokenised. */
  numDropped: number | undefined;
}

export interface PromptsToEncode {
  readonly prompts: readonly Prompt[];
  /** Who wrote the texts wrote the special tokens, too. */
  readonly isRendered?: boolean;
  /** Sequences of each prompt. */
  readonly n: number;
  /** Most tokens kept from the end of each prompt; undefined: all. */
  readonly numKept: number | undefined;
  /** The field that the prompts came from, for messages. */
  readonly param: string;
}

/**
 * Turns prompts into token ids, in the turn of the client. The tokens that they have at least are taken of the queue
 * before, so that what cannot wait in it costs no work.
 * @throws EngineError `invalid_request`, `queue_full`, or what the tokenizer throws
 */
export async function encodePrompts(
  engine: Engine,
  { prompts, isRendered = false, n, numKept, param }: PromptsToEncode,
  reservation: Reservation,
  textCaller: TextCaller,
): Promise<EncodedPrompt[]> {
  const most = numKept ?? Infinity;
  const leastTokens = prompts.reduce((sum, prompt) => sum + Math.min(minNumTokens(engine, prompt), most), 0);
  reservation.takeTokens(n * leastTokens, param);
  const texts = prompts.filter((prompt) => typeof prompt === 'string');
  const options = { addSpecialTokens: !isRendered, numKept };
  const { tokenizer } = engine;
  const encoded =
    (texts.length === 0 ? [] : tokenizer.encodeNow(texts, options)) ??
    (await tokenizer.encode(texts, options, textCaller));
  const nextText = encoded.values();
  return prompts.map((prompt) => {
    const text = typeof prompt === 'string' ? nextText.next().value : undefined;
    const tokenIds = text?.tokenIds ?? keepEnd(prompt, most);
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

export interface EmbeddingRequest {
  texts: readonly Prompt[];
  /** Most tokens kept from the end of each text, `fit`: as many as the context holds. */
  truncateTo: number | 'fit' | undefined;
  /** By default as the model's files say. */
  pooling?: PoolingWish | undefined;
  /** Only the first so many numbers of each embedding, of length 1 again; by default all. */
  dimensions?: number | undefined;
  timeoutMs: number;
  clientId: string;
  budget: TokenAllowance;
}

/** `token`: the state of the one token that stands for the whole text: the first if the model has it so, else the last. */
export type PoolingWish = 'mean' | 'token';

export interface TextEmbedding {
  embedding: Float32Array; // [dim], or [dimensions]
  numTokens: number;
}

/**
 * Embeds texts; they share the steps of the engine. The request takes a few slots in the queue, in which its texts follow
 * one another, and the tokens of those that wait theirs.
 *
 * @param gone aborted when the client has left
 * @throws EngineError `context_length_exceeded`, `request_timeout`, `invalid_request` for a model that embeds by something
 * that is not computed here, or what `reserve` of engine and budget, `encodePrompts` and `embed` throw
 */
export function embedTexts(
  engine: Engine,
  request: EmbeddingRequest,
  gone: AbortSignal,
): Promise<TextEmbedding[]> {
  const { clientId, timeoutMs } = request;
  poolingOf(engine, request.pooling);
  const reservation = reserveUpTo(engine, request.texts.length, clientId);
  return withinDeadline({ clientId, gone, timeoutMs }, (textCaller) =>
    embedReserved(engine, request, reservation, textCaller),
  ).finally(() => reservation.release());
}

async function embedReserved(
  engine: Engine,
  { texts, truncateTo, budget, pooling: wish, dimensions }: EmbeddingRequest,
  reservation: Reservation,
  textCaller: TextCaller,
): Promise<TextEmbedding[]> {
  const { clientId, signal } = textCaller;
  const pooling = poolingOf(engine, wish);
  // One for each text.
  setMaxListeners(0, signal);
  const checkLength = (numTokens: number, index: number): void =>
    checkTextLength(numTokens, engine.model, 'input', `text ${index}`);
  const numKept = truncateTo === 'fit' ? engine.model.contextLength : truncateTo;
  if (numKept === undefined) texts.forEach((text, index) => checkLength(minNumTokens(engine, text), index));
  const prompts = await encodeInTurns(engine, { texts, numKept }, reservation, textCaller);
  prompts.forEach(({ tokenIds }, index) => checkLength(tokenIds.length, index));
  await budget.reserve(prompts.reduce((sum, { tokenIds }) => sum + tokenIds.length, 0));
  const embeddings: TextEmbedding[] = [];
  while (embeddings.length < prompts.length) {
    const left = prompts.slice(embeddings.length);
    const lengths = left.map(({ tokenIds }) => tokenIds.length);
    takeQueueTokens(reservation, lengths, 'input');
    const next = left.slice(0, reservation.numSequences).map(async ({ tokenIds }) => {
      const embedding = await engine.embed(tokenIds, signal, { clientId, pooling }); // [dim]
      budget.spend(tokenIds.length, 0);
      return { embedding: shortened(embedding, dimensions), numTokens: tokenIds.length };
    });
    embeddings.push(...(await Promise.all(next)));
  }
  return embeddings;
}

/** As many at a time as the request has slots: the tokens of those alone have to fit into the queue. */
async function encodeInTurns(
  engine: Engine,
  { texts, numKept }: { texts: readonly Prompt[]; numKept: number | undefined },
  reservation: Reservation,
  textCaller: TextCaller,
): Promise<EncodedPrompt[]> {
  const encoded: EncodedPrompt[] = [];
  const { numSequences } = reservation;
  for (let start = 0; start < texts.length; start += numSequences) {
    const prompts = texts.slice(start, start + numSequences);
    const request = { prompts, n: 1, numKept, param: 'input' };
    encoded.push(...(await encodePrompts(engine, request, reservation, textCaller)));
  }
  return encoded;
}

/** @throws EngineError `invalid_request` for a model that embeds by something that is not computed here */
function poolingOf({ model }: Engine, wish: PoolingWish | undefined): Pooling {
  const { pooling: own = DEFAULT_POOLING } = model;
  if ('refusal' in own) {
    throw new EngineError(
      'invalid_request',
      `this model's embeddings are not computed here: ${own.refusal}`,
      {
        param: 'model',
      },
    );
  }
  if (wish === undefined || wish === 'mean') return wish ?? own.kind;
  return own.kind === 'cls' ? 'cls' : 'lasttoken';
}

/** As models of the kind of Matryoshka are cut: the first numbers, of length 1 again. */
function shortened(embedding: Float32Array, dimensions: number | undefined): Float32Array {
  if (dimensions === undefined || dimensions >= embedding.length) return embedding;
  const first = embedding.subarray(0, dimensions); // [dimensions]
  const length = Math.hypot(...first);
  return first.map((value) => (length === 0 ? 0 : value / length));
}
