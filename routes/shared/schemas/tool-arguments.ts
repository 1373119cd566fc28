import { MAX_JSON_LEVELS, nestsDeeperThan } from '../../../src/http/json-nesting.ts';

/**
 * The arguments of a call in a conversation's history, as a template reads them: the object that the text is. A text that
 * is no JSON object, or nests deeper than a body may, stays a text: a model wrote it, and the conversation goes on.
 */
export function readToolArguments(text: string): unknown {
  // The template's process and its interpreter read them by recursion.
  if (nestsDeeperThan(text, MAX_JSON_LEVELS)) return text;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : text;
  } catch {
    return text;
  }
}
