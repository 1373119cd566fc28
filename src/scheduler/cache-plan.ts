import { EngineError } from '../errors.ts';
import { PAGE_TOKENS, pagesFor } from '../pages.ts';
import { windowPagesOf } from './pages/window-pages.ts';

/** Layers that see no more than a window. */
export interface WindowedInput {
  /** Bytes of keys and values of a page's tokens in these layers. */
  readonly bytesPerPage: number;
  /** Tokens that the widest window has. */
  readonly numTokens: number;
}

export interface CachePlanInput {
  /** Sequences that may run at once. */
  readonly maxNumSeqs: number;
  /** Tokens a sequence must be able to have; `undefined`: as many as the model can hold and the cache has. */
  readonly maxModelLen: number | undefined;
  /** Tokens that the model can hold. */
  readonly contextLength: number;
  /** Bytes of keys and values of a page's tokens, in all layers but those of `windowed`. */
  readonly bytesPerPage: number;
  readonly windowed?: WindowedInput | undefined;
  readonly budgetBytes: number;
}

export interface CachePlan {
  readonly numPages: number;
  /** Of `windowed`; `undefined`: its layers have the pages of all others. */
  readonly numWindowPages: number | undefined;
  /** Longest prompt and completion together, in tokens. */
  readonly maxModelLen: number;
}

/**
 * Of the budget what pages of windows get: short texts need as many of them as of all others, long ones need few, and the
 * layers with a window are most of a model.
 */
const WINDOW_SHARE = 2 / 3;

/**
 * How many pages the KV cache gets, and how long a sequence may become: as long as the model can hold, where one such
 * sequence has room. There are no more pages than sequences could fill. Windows have pages of their own where that pays:
 * in a context of more than twice their length.
 *
 * @throws EngineError `config_invalid` for a length beyond the model's, or where not even one sequence has room
 */
export function planCache(input: CachePlanInput): CachePlan {
  const { maxModelLen: asked, contextLength, bytesPerPage, windowed } = input;
  if (asked !== undefined && asked > contextLength) {
    throw new EngineError(
      'config_invalid',
      `MAX_MODEL_LEN is ${asked}, but the model was trained for ${contextLength} tokens: take at most that`,
    );
  }
  const isApart =
    windowed !== undefined && pagesFor(asked ?? contextLength) > 2 * windowPagesOf(windowed.numTokens);
  if (isApart) return planApart(input, windowed);
  const bytesOfAll = bytesPerPage + (windowed?.bytesPerPage ?? 0);
  const { maxModelLen, needed, affordable } = lengthWithin(input, bytesOfAll, 0);
  return {
    numPages: Math.min(affordable, input.maxNumSeqs * needed),
    numWindowPages: undefined,
    maxModelLen,
  };
}

function planApart(input: CachePlanInput, windowed: WindowedInput): CachePlan {
  const { maxNumSeqs, bytesPerPage, budgetBytes } = input;
  const leastBytes = windowPagesOf(windowed.numTokens) * windowed.bytesPerPage;
  const { maxModelLen, needed } = lengthWithin(input, bytesPerPage, leastBytes);
  const besideOne = budgetBytes - needed * bytesPerPage;
  const share = bytesPerPage === 0 ? 1 : WINDOW_SHARE;
  const windowBytes = Math.max(leastBytes, Math.min(share * budgetBytes, besideOne));
  const numPages = Math.min(pagesWithin(budgetBytes - windowBytes, bytesPerPage), maxNumSeqs * needed);
  const numWindowPages = Math.min(Math.floor(windowBytes / windowed.bytesPerPage), numPages);
  return { numPages, numWindowPages, maxModelLen };
}

const pagesWithin = (bytes: number, bytesPerPage: number): number => Math.floor(bytes / bytesPerPage);

/** The longest sequence that has room beside `otherBytes`, and what that takes. */
function lengthWithin(
  { maxModelLen: asked, contextLength, budgetBytes }: CachePlanInput,
  bytesPerPage: number,
  otherBytes: number,
): { maxModelLen: number; needed: number; affordable: number } {
  const affordable = pagesWithin(budgetBytes - otherBytes, bytesPerPage);
  const maxModelLen = asked ?? Math.min(contextLength, Math.max(affordable, 1) * PAGE_TOKENS);
  const needed = pagesFor(maxModelLen);
  if (affordable >= needed) return { maxModelLen, needed, affordable };
  const neededBytes = needed * bytesPerPage + otherBytes;
  throw new EngineError(
    'config_invalid',
    `KV_CACHE_MB allows ${budgetBytes} bytes, but one sequence of ${maxModelLen} tokens needs ${neededBytes}: ` +
      `raise KV_CACHE_MB to at least ${Math.ceil(neededBytes / 2 ** 20)} or lower MAX_MODEL_LEN`,
    { details: { budgetBytes, neededBytes, maxModelLen } },
  );
}
