import type { AllowedTypes, JsonType } from '../schema-types.ts';
import { readLiteral } from './read-literal.ts';
import { TextFeed } from './text-feed.ts';

const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const INTEGER = /^-?(?:0|[1-9]\d*)$/;

/**
 * The JSON of a value that a model wrote without quotation marks; its type comes from the tool's schema. What fits none of
 * the types is a text, as the model wrote it.
 * @param types undefined: any
 */
export function bareValueToJson(text: string, types: AllowedTypes): string {
  const trimmed = text.trim();
  const may = (type: JsonType): boolean => types?.has(type) ?? true;
  if (may('null') && (trimmed === 'null' || trimmed === 'None')) return 'null';
  if (may('boolean') && /^(?:true|false)$/i.test(trimmed)) return trimmed.toLowerCase();
  if ((may('number') && NUMBER.test(trimmed)) || (may('integer') && INTEGER.test(trimmed))) return trimmed;
  const type = trimmed.startsWith('{') ? 'object' : trimmed.startsWith('[') ? 'array' : undefined;
  if (type !== undefined && may(type)) {
    if (isJson(trimmed)) return trimmed;
    const literal = pythonToJson(trimmed);
    if (literal !== undefined) return literal;
  }
  // With one type alone a text may have been quoted after all.
  if (types !== undefined && !types.has('string') && trimmed.startsWith('"') && isJson(trimmed))
    return trimmed;
  return JSON.stringify(text);
}

/** What a model wrote as Python; undefined where there is more than one literal. */
function pythonToJson(text: string): string | undefined {
  const feed = new TextFeed();
  feed.append(text);
  feed.end(false);
  const { done, value } = readLiteral(feed).next();
  return done === true && feed.takeNow(() => true).trim() === '' ? value : undefined;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
