import { isRecord } from '../../values.ts';
import { EngineError } from '../../errors.ts';
import type { AppContext } from '../app-env.ts';
import { threadQueue } from '../../fairness/thread-queue.ts';
import { useBody } from './whole-body.ts';

/** Most levels of objects and lists in a body: what reads it later may recurse. */
export const MAX_JSON_LEVELS = 32;

const QUOTE = 0x22;
const COLON = 0x3a;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Most objects and lists in a body, and most names of members: what each takes is many times what it weighs as text. */
export const MAX_JSON_PARTS = 2 ** 16;
/** Most commas between values: eight million numbers take V8 a third of a second. */
export const MAX_JSON_COMMAS = 2 ** 21;

/** What a JSON text has of what is dear to parse. */
interface JsonShape {
  /** Lists or objects in one another. */
  numLevels: number;
  numObjectsAndLists: number;
  numNames: number;
  /** Between members and items. */
  numCommas: number;
}

/**
 * Reads a JSON text once from front to back, before it is parsed, and keeps nothing. Of a text that is not JSON the
 * answer means nothing.
 */
export function jsonShape(text: string): JsonShape {
  const shape: JsonShape = { numLevels: 0, numObjectsAndLists: 0, numNames: 0, numCommas: 0 };
  let level = 0;
  for (let index = 0; index < text.length; index++) {
    switch (text.charCodeAt(index)) {
      case QUOTE:
        index = endOfString(text, index);
        break;
      case COLON:
        shape.numNames++;
        break;
      case COMMA:
        shape.numCommas++;
        break;
      case OPEN_LIST:
      case OPEN_OBJECT:
        shape.numObjectsAndLists++;
        shape.numLevels = Math.max(shape.numLevels, ++level);
        break;
      case CLOSE_LIST:
      case CLOSE_OBJECT:
        level--;
    }
  }
  return shape;
}

/** The place of the quote that ends the string which starts at `start`, or of the text's end. */
function endOfString(text: string, start: number): number {
  let index = start + 1;
  for (; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE) break;
    // What follows a backslash does not end the string.
    if (code === BACKSLASH) index++;
  }
  return index;
}

/** Why a JSON text that a client sent is not parsed; undefined where it may be. */
export function jsonFault(text: string): string | undefined {
  const { numLevels, numObjectsAndLists, numNames, numCommas } = jsonShape(text);
  if (numLevels > MAX_JSON_LEVELS) return `nests more than ${MAX_JSON_LEVELS} levels of objects and lists`;
  if (numObjectsAndLists > MAX_JSON_PARTS) {
    return `has ${numObjectsAndLists} objects and lists, the limit is ${MAX_JSON_PARTS}`;
  }
  if (numNames > MAX_JSON_PARTS) return `has ${numNames} names of members, the limit is ${MAX_JSON_PARTS}`;
  return numCommas > MAX_JSON_COMMAS
    ? `has ${numCommas} commas between values, the limit is ${MAX_JSON_COMMAS}`
    : undefined;
}

/** From here on a body takes a millisecond or more to be read and checked. */
const LARGE_BYTES = 32_768;
/** From here on each of the steps by which a body is read has a turn of its own. */
const STEPWISE_BYTES = 2 ** 21;

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json$/;

/**
 * Reads a request's JSON object. Its type must be JSON even where nothing is sent: a page of another site can send
 * anything else without being asked.
 *
 * @param emptyBody what no body at all means; without it that is a fault
 * @throws EngineError as `useBody`
 */
export async function readJsonBody(
  c: AppContext,
  limitBytes: number,
  emptyBody?: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const { body } = c.env.inner ?? {};
  if (body !== undefined) return body;
  const value = await readJson(c, limitBytes, emptyBody);
  if (isRecord(value)) return value;
  throw bodyError(`the body must be a JSON object, not ${describe(value)}`);
}

/** As `readJsonBody`, for a body that may be a list. */
export async function readJsonBodyOrList(
  c: AppContext,
  limitBytes: number,
): Promise<Record<string, unknown> | unknown[]> {
  const value = await readJson(c, limitBytes);
  if (isRecord(value) || Array.isArray(value)) return value;
  throw bodyError(`the body must be a JSON object or a list, not ${describe(value)}`);
}

const ANY_TYPE = /(?:)/;

/**
 * Ollama does not look at the type: its documents send a form's by `curl -d`, LiteLLM none, or that of bytes where it
 * streams. A page could send these, too, but then its browser says whose page it is: by `Origin`, or by `Sec-Fetch-Site`.
 */
const mayHaveAnyType = (c: AppContext): boolean =>
  c.get('scope').facts.api === 'ollama' &&
  c.req.header('origin') === undefined &&
  c.req.header('sec-fetch-site') === undefined;

function readJson(c: AppContext, limitBytes: number, emptyBody?: Record<string, unknown>): Promise<unknown> {
  const limits = {
    limitBytes,
    limitName: 'BODY_LIMIT',
    mediaType: mayHaveAnyType(c) ? ANY_TYPE : JSON_TYPE,
    mediaName: 'application/json',
  };
  return useBody<unknown>(c, limits, async (bytes, signal) => {
    if (bytes.length === 0) {
      if (emptyBody !== undefined) return emptyBody;
      throw bodyError('the body is empty; send a JSON object');
    }
    const scope = c.get('scope');
    scope.onPhase?.('preparing', bytes.length);
    if (bytes.length >= LARGE_BYTES) await threadQueue.take(scope.clientId, signal);
    if (bytes.length < STEPWISE_BYTES) return parseChecked(checkShape(decodeUtf8(bytes)));
    const letOthers = (): Promise<void> => threadQueue.goOn(scope.clientId, signal);
    const text = decodeUtf8(bytes);
    await letOthers();
    checkShape(text);
    await letOthers();
    const value = parseChecked(text);
    await letOthers();
    return value;
  });
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw bodyError('the body is not valid UTF-8');
  }
}

/** @throws EngineError `invalid_request` for what is no JSON object, or has too many parts */
export function parseJsonObject(text: string): Record<string, unknown> {
  const value = parseChecked(checkShape(text));
  if (isRecord(value)) return value;
  throw bodyError(`the body must be a JSON object, not ${describe(value)}`);
}

/** @throws EngineError `invalid_request` for a text that has too many parts */
function checkShape(text: string): string {
  const fault = jsonFault(text);
  if (fault !== undefined) throw bodyError(`the body ${fault}`);
  return text;
}

function parseChecked(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // The engine's own message quotes the body, and a prompt must not end up in a log; only the place is kept.
    const [position = ''] = / at position \d+/.exec(String(error)) ?? [];
    throw bodyError(`the body is not valid JSON${position}`);
  }
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'a list' : `a ${typeof value}`;
}

const bodyError = (message: string): EngineError =>
  new EngineError('invalid_request', message, { param: 'body' });
