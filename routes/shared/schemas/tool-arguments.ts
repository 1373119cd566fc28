import { jsonFault } from '../../../src/http/edge/json-nesting.ts';
import { isRecord } from '../../../src/values.ts';

/**
 * The arguments of a call in a conversation's history, as a template reads them: the object that the text is. A text that
 * is no JSON object, or has more in it than a body may, stays a text: a model wrote it, and the conversation goes on.
 */
export const readToolArguments = (text: string): Readonly<Record<string, unknown>> | string =>
  // The template's process and its interpreter read them by recursion.
  jsonFault(text) === undefined ? (parseToolArguments(text) ?? text) : text;

/** The object that a model wrote as a call's arguments; undefined where its text is none. */
export function parseToolArguments(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
