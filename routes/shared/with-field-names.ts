import { EngineError } from '../../src/errors.ts';
import { placeOf } from '../../src/logged-error.ts';

/**
 * Does work whose errors name the fields of a chat completion, and renames them to those of another API.
 *
 * @param names what the API calls a field, by its name in a chat completion
 * @throws EngineError what the work throws
 */
export async function withFieldNames<T>(names: ReadonlyMap<string, string>, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof EngineError) || error.code === 'internal') throw error;
    throw renamed(error, names);
  }
}

function renamed(error: EngineError, names: ReadonlyMap<string, string>): EngineError {
  const { code, retryable, retryAfterMs, details, param, mayQuote } = error;
  const message = [...names].reduce((text, [name, newName]) => {
    // A message about a field begins with its name; elsewhere `messages` may be a word like others.
    const place = name.includes('_') ? `(?<![\\w.])${name}(?!\\w)` : `^${name}(?!\\w)`;
    return text.replaceAll(new RegExp(place, 'g'), newName);
  }, error.message);
  return new EngineError(code, message, {
    retryable,
    mayQuote,
    place: placeOf(error),
    cause: error,
    ...(param === undefined ? {} : { param: names.get(param) ?? param }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(details === undefined ? {} : { details }),
  });
}
