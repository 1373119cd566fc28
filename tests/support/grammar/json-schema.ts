import { createRequire } from 'node:module';
import type { ErrorObject } from 'ajv';
import { compileGrammar } from '../../../src/grammar/compile/compile-grammar.ts';
import type { Grammar } from '../../../src/grammar/grammar.ts';

interface Validate {
  (value: unknown): boolean;
  errors?: ErrorObject[] | null;
}

interface Validator {
  compile: (schema: object | boolean) => Validate;
}

const require = createRequire(import.meta.url);
const { Ajv2020 } = require('ajv/dist/2020') as { Ajv2020: new (options: object) => Validator };
const { Ajv } = require('ajv') as { Ajv: new (options: object) => Validator };
const { default: addFormats } = require('ajv-formats') as { default: (ajv: Validator) => void };

/** `ownProperties`: without it, ajv finds a property `constructor` in each object, since each inherits one. */
const OPTIONS = { strict: false, logger: false, ownProperties: true };

/** ajv's verdict on a text: undefined if it is valid JSON and valid, else what is wrong. */
export function complaintOf(validate: Validate, text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `no JSON: ${String(error)}`;
  }
  return validate(value) ? undefined : JSON.stringify(validate.errors);
}

/** A schema of draft-07 by its own validator: its `items` may be a list. */
export function validatorOf(schema: object | boolean, draft: '2020-12' | '7' = '2020-12'): Validate {
  // A validator keeps schemas by `$id`, and takes each name once.
  const hasId = JSON.stringify(schema).includes('"$id"');
  return (hasId ? made(draft) : validators[draft]).compile(schema);
}

function made(draft: '2020-12' | '7'): Validator {
  return withFormats(draft === '7' ? new Ajv(OPTIONS) : new Ajv2020(OPTIONS));
}

function withFormats(ajv: Validator): Validator {
  addFormats(ajv);
  return ajv;
}

/** Making one takes a tenth of a second. */
const validators = { '7': made('7'), '2020-12': made('2020-12') };

export const compiled = (schema: unknown): Grammar =>
  compileGrammar({ type: 'jsonSchema', schema, param: 'schema' });

/** Numbers from 0 to 1 that are the same in each run (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
