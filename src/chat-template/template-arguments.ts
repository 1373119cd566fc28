import { invalidField } from '../errors.ts';
import { clip } from '../values.ts';

const PARAM = 'chat_template_kwargs';
const MAX_ARGUMENTS = 32;
const MAX_VALUES = 1000;
const MAX_LEVELS = 8;
/** Of all texts and keys together. */
const MAX_CHARACTERS = 2 ** 16;
const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/** What a template gets from the service alone; `chat-template-renderer.ts` sets them. */
const RESERVED: ReadonlySet<string> = new Set([
  'messages',
  'tools',
  'add_generation_prompt',
  'range',
  'raise_exception',
  'strftime_now',
  'namespace',
  'true',
  'false',
  'none',
  'True',
  'False',
  'None',
]);

/**
 * Checks the variables that a client gives a template, before they are sent to the template's process.
 * @throws EngineError `invalid_request` for a name that is the service's own or no name, for too many values, too much
 * text, or a value nested too deep
 */
export function checkTemplateArguments(given: Readonly<Record<string, unknown>>): void {
  const names = Object.keys(given);
  if (names.length > MAX_ARGUMENTS) {
    throw invalidField(PARAM, `has ${names.length} variables; at most ${MAX_ARGUMENTS} are taken`);
  }
  const count = { values: 0, characters: 0 };
  for (const name of names) {
    const param = `${PARAM}.${clip(name)}`;
    if (!NAME.test(name)) throw invalidField(param, 'is no name that a template could read');
    if (RESERVED.has(name) || name.endsWith('_token')) {
      throw invalidField(param, 'is set by the service and cannot be given');
    }
    checkValue(given[name], { param, level: 1, count });
  }
}

interface Nesting {
  param: string;
  level: number;
  count: { values: number; characters: number };
}

function checkValue(value: unknown, { param, level, count }: Nesting): void {
  count.values++;
  if (count.values > MAX_VALUES) throw invalidField(PARAM, `has more than ${MAX_VALUES} values`);
  if (level > MAX_LEVELS) throw invalidField(param, `nests more than ${MAX_LEVELS} levels`);
  if (typeof value === 'string') addCharacters(value, count);
  if (typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value as unknown[]) checkValue(item, { param, level: level + 1, count });
    return;
  }
  for (const [key, item] of Object.entries(value)) {
    addCharacters(key, count);
    checkValue(item, { param, level: level + 1, count });
  }
}

function addCharacters({ length }: string, count: Nesting['count']): void {
  count.characters += length;
  if (count.characters > MAX_CHARACTERS) {
    throw invalidField(PARAM, `has more than ${MAX_CHARACTERS} characters of text`);
  }
}
