import type * as z from 'zod';
import { clip } from '../../../src/values.ts';
import { EngineError } from '../../../src/errors.ts';

type Issue = z.core.$ZodIssue;

/**
 * Reading ends at the first fault: a megabyte of bad entries would make an issue each. And zod's own message about
 * unknown fields would name them all.
 */
const FIRST_FAULT: z.core.ParseContextInternal<Issue> = {
  abortEarly: true,
  error: ({ code }) => (code === 'unrecognized_keys' ? 'unknown field' : undefined),
};

/**
 * A request's body by its schema.
 *
 * @throws EngineError `invalid_request` that names the field at fault, what it must be and what came
 */
export function parseInput<T>(schema: z.ZodType<T>, body: Record<string, unknown>): T {
  const result = schema.safeParse(body, FIRST_FAULT);
  if (result.success) return result.data;
  throw toFault(result.error, body);
}

/** Most fields that are passed over. The body is read once more for each object that has some of them. */
const MAX_IGNORED_FIELDS = 16;
const MAX_IGNORED_NAME = 64;

/**
 * A request's body by its schema, without the fields that the schema does not know.
 *
 * @param pause called before the body is read once more
 * @returns the names of these fields as well, in characters that a header may have
 * @throws EngineError `invalid_request` for another fault, or where there are more than 16 such fields
 */
export async function parseKnownFields<T>(
  schema: z.ZodType<T>,
  body: Record<string, unknown>,
  pause: () => Promise<void>,
): Promise<{ input: T; ignoredFields: readonly string[] }> {
  const ignoredFields: string[] = [];
  let known: unknown = body;
  for (;;) {
    const result = schema.safeParse(known, FIRST_FAULT);
    if (result.success) return { input: result.data, ignoredFields };
    const issue = firstIssue(result.error);
    const keys = issue?.code === 'unrecognized_keys' ? issue.keys : [];
    if (keys.length === 0 || keys.length + ignoredFields.length > MAX_IGNORED_FIELDS) {
      throw toFault(result.error, known);
    }
    const path = issue?.path ?? [];
    ignoredFields.push(...keys.map((key) => toHeaderText(toParam([...path, key]))));
    known = without(known, path, keys);
    await pause();
  }
}

const toHeaderText = (name: string): string => name.slice(0, MAX_IGNORED_NAME).replaceAll(/[^\w.[\]-]/g, '?');

/** A copy of a value whose object at a path lacks some keys. */
function without(value: unknown, [step, ...rest]: readonly PropertyKey[], keys: readonly string[]): unknown {
  const entries = Object.entries<unknown>(value as Record<string, unknown>);
  if (step === undefined) return Object.fromEntries(entries.filter(([key]) => !keys.includes(key)));
  const copied = entries.map(
    ([key, one]) => [key, key === String(step) ? without(one, rest, keys) : one] as const,
  );
  return Array.isArray(value) ? copied.map(([, one]) => one) : Object.fromEntries(copied);
}

function firstIssue({ issues: [issue] }: z.ZodError): Issue | undefined {
  return issue && deepestIssue(issue);
}

function toFault(error: z.ZodError, body: unknown): EngineError {
  const { param, message } = describeIssue(firstIssue(error), body);
  return new EngineError('invalid_request', message, param === '' ? {} : { param });
}

/** What zod says of a value that fits none of several schemas, where these say nothing of their own. */
const NO_SCHEMA_FITS = 'Invalid input';

/** Of the schemas that a value does not fit, the fault in the one that it fits for the longest. */
function deepestIssue(issue: Issue): Issue {
  if (issue.code !== 'invalid_union' || issue.message !== NO_SCHEMA_FITS) return issue;
  const faults = issue.errors.flatMap(([first]) => (first === undefined ? [] : [deepestIssue(first)]));
  const deepest = faults.reduce<Issue | undefined>(
    (best, fault) => (depthOf(fault) > (best === undefined ? 0 : depthOf(best)) ? fault : best),
    undefined,
  );
  if (deepest !== undefined) return { ...deepest, path: [...issue.path, ...deepest.path] };
  const types = faults.flatMap((fault) =>
    fault.code === 'invalid_type' ? [TYPE_NAMES[fault.expected]] : [],
  );
  const message =
    types.length > 0 ? `must be ${[...new Set(types)].join(' or ')}` : 'has none of the forms that are known';
  return { ...issue, message };
}

/** A value of another type altogether was not meant for the schema. */
const depthOf = ({ code, path }: Issue): number => path.length + (code === 'invalid_type' ? 0 : 0.5);

function describeIssue(issue: Issue | undefined, body: unknown): { param: string; message: string } {
  if (issue === undefined) return { param: '', message: 'the body is not valid' };
  const param = toParam(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const [key = ''] = issue.keys;
    const unknown = toParam([...issue.path, key]);
    return { param: unknown, message: `unknown field '${unknown}'` };
  }
  return { param, message: `${param} ${expectation(issue, valueAt(body, issue.path))}` };
}

/** The second half of a sentence whose first is the field's name. */
function expectation(issue: Issue, value: unknown): string {
  if (value === undefined && issue.code !== 'custom') return 'is required';
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${TYPE_NAMES[issue.expected] ?? issue.expected}, not ${describeValue(value)}`;
    case 'invalid_value':
      return `must be ${issue.values.map((allowed) => JSON.stringify(allowed)).join(' or ')}, not ${typeof value === 'string' ? 'another text' : describeValue(value)}`;
    case 'too_small':
      return bound(issue.inclusive === false ? 'above' : 'at least', issue.minimum, issue.origin, value);
    case 'too_big':
      return bound(issue.inclusive === false ? 'below' : 'at most', issue.maximum, issue.origin, value);
    case 'invalid_key':
      return issue.issues[0]?.message ?? issue.message;
    default:
      return issue.message;
  }
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  number: 'a finite number',
  int: 'an integer',
  string: 'a string',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
};

const UNITS: Readonly<Record<string, string>> = {
  string: ' characters',
  array: ' entries',
  record: ' entries',
};

function bound(relation: string, limit: number | bigint, origin: string, value: unknown): string {
  const unit = UNITS[origin];
  if (unit === undefined) return `must be ${relation} ${limit}, not ${describeValue(value)}`;
  const length = typeof value === 'string' || Array.isArray(value) ? `, not ${value.length}` : '';
  return `must have ${relation} ${limit}${unit}${length}`;
}

/** Numbers and switches as they are; of text only the type, since it may be a prompt. */
function describeValue(value: unknown): string {
  if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

/** `['prompt', 2]` -> `prompt[2]`; a key may be as long as the body. */
function toParam(path: readonly PropertyKey[]): string {
  const parts = path.map((key, index) =>
    typeof key === 'number' ? `[${key}]` : `${index === 0 ? '' : '.'}${String(key)}`,
  );
  return clip(parts.join(''));
}

function valueAt(body: unknown, path: readonly PropertyKey[]): unknown {
  let value = body;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
  }
  return value;
}
