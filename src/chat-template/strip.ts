import { EngineError } from '../errors.ts';

const SIDES = { strip: [true, true], lstrip: [true, false], rstrip: [false, true] } as const;

type StripMethod = keyof typeof SIDES;

/** Names that no template can write. */
const toGlobalName = (method: StripMethod): string => ` ${method}`;

/** What `withStripArguments` lets a program call. */
export const STRIP_GLOBALS: Readonly<Record<string, (text: unknown, characters: unknown) => string>> =
  Object.fromEntries(
    (Object.keys(SIDES) as StripMethod[]).map((method) => [
      toGlobalName(method),
      (text: unknown, characters: unknown) => strip(text, characters, method),
    ]),
  );

/**
 * The library (0.5) ignores the argument of Python's `strip`, `lstrip` and `rstrip`, by which Qwen's templates take
 * off line breaks and leave spaces. This turns such calls of a parsed program into calls of STRIP_GLOBALS, in place.
 */
export function withStripArguments<T extends object>(program: T): T {
  for (const child of Object.values(program)) {
    if (typeof child === 'object' && child !== null) withStripArguments(child as object);
  }
  const node: Record<string, unknown> = program as Record<string, unknown>;
  const { type, callee, args } = node;
  if (type !== 'CallExpression' || !Array.isArray(args) || args.length === 0) return program;
  const { object, property, computed } = callee as {
    object?: object;
    property?: { value?: unknown };
    computed?: boolean;
  };
  const method = property?.value;
  if (object === undefined || computed === true || !isStripMethod(method)) return program;
  node['callee'] = { type: 'Identifier', value: toGlobalName(method) };
  node['args'] = [object, ...(args as unknown[])];
  return program;
}

const isStripMethod = (name: unknown): name is StripMethod =>
  typeof name === 'string' && Object.hasOwn(SIDES, name);

function strip(text: unknown, characters: unknown, method: StripMethod): string {
  if (typeof text !== 'string' || typeof characters !== 'string') {
    throw new EngineError('invalid_request', `the model's chat template calls ${method} on what is no text`, {
      param: 'messages',
    });
  }
  const [atStart, atEnd] = SIDES[method];
  const codePoints = Array.from(text);
  let start = 0;
  let end = codePoints.length;
  while (atStart && start < end && characters.includes(codePoints[start] ?? '')) start++;
  while (atEnd && end > start && characters.includes(codePoints[end - 1] ?? '')) end--;
  return codePoints.slice(start, end).join('');
}
