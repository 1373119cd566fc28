import * as z from 'zod';
import { MAX_INT32, MAX_LIST_TOKENS, MAX_TEXT_LENGTH } from './bounds.ts';

/** Prompts in one request; each counts `n` times against the sequences that may run together. */
export const MAX_PROMPTS = 64;

/** Texts that one request has embedded, as at OpenAI: clients send lists of up to so many. */
export const MAX_TEXTS = 2048;

/** One prompt as it came: text, or token ids that need no tokenizer. */
export type PromptInput = string | readonly number[];

interface PromptFault {
  path: number[];
  message: string;
}

const SHAPES = 'must be a string, a list of strings, a list of token ids or a list of lists of token ids';

const TEXT = { type: 'string', maxLength: MAX_TEXT_LENGTH } as const;
const ANY_TOKEN_IDS = {
  type: 'array',
  items: { type: 'integer', minimum: 0, maximum: MAX_INT32 },
  maxItems: MAX_LIST_TOKENS,
} as const;
const TOKEN_IDS = { ...ANY_TOKEN_IDS, minItems: 1 } as const;

/**
 * OpenAI's four shapes of `prompt`, as a list of prompts. Written by hand, since a union would collect one issue for
 * every entry of a long list against every shape that it is not.
 */
const promptsSchema = (id: string, maxPrompts: number) =>
  z
    .unknown()
    .transform((value, context): readonly PromptInput[] => {
      const prompts = readPrompts(value, maxPrompts);
      if (Array.isArray(prompts)) return prompts;
      context.issues.push({ code: 'custom', input: undefined, ...prompts });
      return z.NEVER;
    })
    .meta({
      id,
      description:
        'Text, a list of texts, token ids, or a list of lists of token ids. An empty text or `null` starts from ' +
        '`<|endoftext|>`. Token ids are of the vocabulary of the model, whose size `GET /v1/models` has.',
      override: {
        anyOf: [
          TEXT,
          { type: 'array', items: TEXT, minItems: 1, maxItems: maxPrompts },
          TOKEN_IDS,
          { type: 'array', items: TOKEN_IDS, minItems: 1, maxItems: maxPrompts },
          { type: 'null' },
        ],
      },
    });

export const promptSchema = promptsSchema('Prompts', MAX_PROMPTS);

/** Of texts that are embedded. */
export const manyPromptsSchema = promptsSchema('ManyPrompts', MAX_TEXTS);

/**
 * Token ids, none or more. Written by hand as well: zod would hold the HTTP thread for 50 ms for half a million entries.
 */
export const tokenIdsSchema = z
  .unknown()
  .transform((value, context): readonly number[] => {
    const read = readTokenIdList(value);
    if (Array.isArray(read)) return read;
    context.issues.push({ code: 'custom', input: undefined, ...read });
    return z.NEVER;
  })
  .meta({ override: ANY_TOKEN_IDS });

function readTokenIdList(value: unknown): number[] | PromptFault {
  if (value === undefined) return { path: [], message: 'is required' };
  if (!Array.isArray(value)) return { path: [], message: 'must be a list of token ids' };
  return readTokenIds(value, []);
}

function readPrompts(value: unknown, maxPrompts: number): PromptInput[] | PromptFault {
  if (value === undefined) return { path: [], message: 'is required' };
  if (value === null) return [''];
  if (typeof value === 'string') return readTexts([value], () => []);
  if (!Array.isArray(value)) return { path: [], message: SHAPES };
  const list: unknown[] = value;
  const [first] = list;
  if (first === undefined) return { path: [], message: 'is an empty list; it needs at least one entry' };
  if (typeof first === 'number') return readTokenPrompts([list], () => []);
  if (list.length > maxPrompts) {
    return { path: [], message: `holds ${list.length} prompts, at most ${maxPrompts} are taken` };
  }
  return typeof first === 'string'
    ? readTexts(list, (index) => [index])
    : readTokenPrompts(list, (index) => [index]);
}

function readTexts(list: unknown[], pathOf: (index: number) => number[]): PromptInput[] | PromptFault {
  const texts: string[] = [];
  for (const [index, text] of list.entries()) {
    const path = pathOf(index);
    if (typeof text !== 'string') return { path, message: 'must be a string, as the entries before it are' };
    if (text.length > MAX_TEXT_LENGTH)
      return { path, message: `must have at most ${MAX_TEXT_LENGTH} characters, not ${text.length}` };
    texts.push(text);
  }
  return texts;
}

function readTokenPrompts(list: unknown[], pathOf: (index: number) => number[]): PromptInput[] | PromptFault {
  const prompts: PromptInput[] = [];
  for (const [index, entry] of list.entries()) {
    const path = pathOf(index);
    if (!Array.isArray(entry)) {
      return index === 0 ? { path: [], message: SHAPES } : { path, message: 'must be a list of token ids' };
    }
    if (entry.length === 0) return { path, message: 'is an empty list; it needs at least one token id' };
    const tokenIds = readTokenIds(entry, path);
    if (!Array.isArray(tokenIds)) return tokenIds;
    prompts.push(tokenIds);
  }
  return prompts;
}

function readTokenIds(list: unknown[], path: number[]): number[] | PromptFault {
  if (list.length > MAX_LIST_TOKENS)
    return { path, message: `must have at most ${MAX_LIST_TOKENS} token ids, not ${list.length}` };
  if (areTokenIds(list)) return list;
  const message = `must be a token id, a whole number from 0 to ${MAX_INT32}`;
  return { path: [...path, list.findIndex((id) => !isTokenId(id))], message };
}

/** Not copied, and without a call for each: a list may have half a million. */
function areTokenIds(list: unknown[]): list is number[] {
  for (let index = 0; index < list.length; index++) if (!isTokenId(list[index])) return false;
  return true;
}

const isTokenId = (id: unknown): id is number =>
  typeof id === 'number' && Number.isInteger(id) && id >= 0 && id <= MAX_INT32;
