import { createContext, runInContext } from 'node:vm';
import { complaintOf, validatorOf } from '../../tests/support/grammar/json-schema.ts';
import { sseData } from '../../tests/support/openapi-validator.ts';
import type { Answer } from '../support/client.ts';
import { parseJson, type FuzzScript } from './fuzz-script.ts';

/** A text is judged for so long: JavaScript's expressions backtrack, and so does ajv where a schema names itself. */
const JUDGE_LIMIT_MS = 500;
/** Ends of a text that may be anywhere in it. */
const CUT_REASONS = new Set(['cancelled', 'error']);
/** Error frames of a stream that say that the service failed, and not the request. */
const SERVICE_CODES = new Set([
  'server_error',
  'backend_failure',
  'internal',
  'engine_not_ready',
  'api_error',
]);

interface Json {
  readonly [field: string]: Json | undefined;
}

/** What is wrong with the answer to a step of a script, or `undefined`. Needs nothing but what was sent and what came. */
export function faultOfAnswer(script: FuzzScript, index: number, answer: Answer): string | undefined {
  const { status, text, error } = answer;
  if (status === 0) return `no answer (${error ?? ''})`;
  if (status === 504 && limitsTime(script[index])) return undefined;
  if (status >= 500) return `${status} ${text.slice(0, 200)}`;
  if (status !== 200) return undefined;
  try {
    return faultOfGood(script, index, answer);
  } catch (thrown) {
    return `it cannot be judged: ${String(thrown).slice(0, 200)}`;
  }
}

/** The client itself says after how many milliseconds there is no answer. */
const limitsTime = (step: FuzzScript[number] | undefined): boolean =>
  step?.headers['cf-aig-request-timeout'] !== undefined ||
  /request-?timeout/i.test(step?.body?.toString('latin1') ?? '');

function faultOfGood(
  script: FuzzScript,
  index: number,
  { text, headers }: Pick<Answer, 'text' | 'headers'>,
): string | undefined {
  const body = bodyOf(script, index);
  if (headers['content-type']?.startsWith('text/event-stream') === true) return faultOfStream(body, text);
  const json = parseJson(text) as Json | undefined;
  if (json === undefined) return `no JSON: ${text.slice(0, 100)}`;
  return (
    faultOfRoundTrip(script, index, json) ??
    faultOfTexts(body, textsOf(body, json)) ??
    faultOfCalls(callsOf(json))
  );
}

const bodyOf = (script: FuzzScript, index: number): Json =>
  (parseJson(script[index]?.body?.toString('utf8') ?? '') ?? {}) as Json;

function faultOfStream(body: Json, text: string): string | undefined {
  const frames = sseData(text).map(asJson);
  // OpenAI's code, Anthropic's type, and the code of a response that failed.
  const code = frames
    .map(({ error, response }) => textOf(error?.['code'] ?? error?.['type'] ?? response?.['error']?.['code']))
    .find((one) => one !== '');
  if (code !== undefined) return SERVICE_CODES.has(code) ? `the stream ends in ${code}` : undefined;
  const texts = new Map<number, { text: string; isCut: boolean }>();
  for (const frame of frames) {
    const choices = listOf(frame['choices']);
    for (const choice of choices.length > 0 ? choices : [frame]) {
      const at = Number(choice['index'] ?? 0);
      const known = texts.get(at) ?? { text: '', isCut: false };
      known.text += textOf(choice['text'] ?? choice['delta']?.['content'] ?? choice['response']);
      known.isCut ||= CUT_REASONS.has(textOf(choice['finish_reason']));
      texts.set(at, known);
    }
  }
  return faultOfTexts(
    body,
    [...texts.values()].flatMap((it) => (it.isCut ? [] : it.text)),
  );
}

const asJson = (value: unknown): Json => value as Json;
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const listOf = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);

function textsOf(body: Json, json: Json): string[] {
  const { response } = json['result'] ?? {};
  // Workers AI gives the value itself where the text is JSON.
  if (response !== undefined) return [isJsonAsked(body) ? JSON.stringify(response) : textOf(response)];
  const choices = listOf(json['choices']).filter(
    ({ finish_reason: reason }) => !CUT_REASONS.has(textOf(reason)),
  );
  const texts = choices.map(({ text, message }) => text ?? message?.['content']);
  return texts.flatMap((it) => (typeof it === 'string' ? it : []));
}

const isJsonAsked = (body: Json): boolean =>
  body['guided_json'] !== undefined || body['response_format'] !== undefined;

function faultOfTexts(body: Json, texts: readonly string[]): string | undefined {
  const complaint = complaintFor(body);
  for (const text of complaint === undefined ? [] : texts) {
    const said = complaint?.(text);
    if (said !== undefined)
      return `${JSON.stringify(text.slice(0, 200))} is not as asked: ${said.slice(0, 300)}`;
  }
  return undefined;
}

/** How a text is judged that this body asked for; `undefined`: it may be any. */
function complaintFor(body: Json): ((text: string) => string | undefined) | undefined {
  const structured = body['structured_outputs'];
  const given = body['response_format']?.['json_schema'];
  const schema = (body['guided_json'] ??
    body['json_schema'] ??
    structured?.['json'] ??
    given?.['schema']) as unknown;
  if (schema !== undefined) return bySchema(typeof schema === 'string' ? parseJson(schema) : schema);
  const pattern = (body['guided_regex'] ?? body['regex'] ?? structured?.['regex']) as unknown;
  if (typeof pattern === 'string') return (text) => byExpression(pattern, text);
  const choices = (body['guided_choice'] ?? structured?.['choice']) as unknown;
  if (Array.isArray(choices))
    return (text) => (choices.includes(text) ? undefined : 'it is none of the choices');
  return undefined;
}

function bySchema(schema: unknown): (text: string) => string | undefined {
  const validate = validatorOf(schema as object | boolean);
  return (text) => withinLimit(() => complaintOf(validate, text));
}

function byExpression(pattern: string, text: string): string | undefined {
  const expression = expressionOf(pattern);
  if (expression === undefined || withinLimit(() => expression.test(text)) !== false) return undefined;
  return `it does not match ${pattern.slice(0, 100)}`;
}

/** Undefined for what JavaScript does not take. */
function expressionOf(pattern: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${pattern})$`, 'u');
  } catch {
    return undefined;
  }
}

/** Undefined for what takes too long: only what runs in a context can be ended. */
function withinLimit<T>(judge: () => T): T | undefined {
  try {
    return runInContext('judge()', createContext({ judge }), { timeout: JUDGE_LIMIT_MS }) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return undefined;
    throw error;
  }
}

/** Calls of tools, by any of the APIs. */
function callsOf(json: Json): unknown[] {
  const ofChat = listOf(json['choices']).flatMap(({ message }) => listOf(message?.['tool_calls']));
  const ofResponses = listOf(json['output']).filter(({ type }) => textOf(type) === 'function_call');
  return [
    ...ofChat.map(({ function: named }) => named?.['arguments']),
    ...ofResponses.map(({ arguments: text }) => text),
    ...listOf(json['result']?.['tool_calls']).map(({ arguments: value }) => value),
    ...listOf(json['content']).flatMap(({ type, input }) => (textOf(type) === 'tool_use' ? [input] : [])),
  ];
}

function faultOfCalls(calls: readonly unknown[]): string | undefined {
  for (const call of calls) {
    const value = typeof call === 'string' ? parseJson(call) : call;
    if (typeof value !== 'object' || value === null)
      return `the arguments of a call are no object: ${String(call).slice(0, 200)}`;
  }
  return undefined;
}

function faultOfRoundTrip(script: FuzzScript, index: number, json: Json): string | undefined {
  if (script[index]?.path !== '/detokenize' || script[index - 1]?.path !== '/tokenize') return undefined;
  const sent = textOf(bodyOf(script, index - 1)['prompt']);
  const said = textOf(json['prompt']);
  // A lone surrogate is no text: it is read as U+FFFD.
  if (said === Buffer.from(sent).toString()) return undefined;
  return `the tokens of ${JSON.stringify(sent.slice(0, 80))} say ${JSON.stringify(said.slice(0, 80))}`;
}
