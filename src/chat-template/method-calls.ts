/** `object.name(…args)` in a parsed program; `node` may be changed in place. */
interface MethodCall {
  node: Record<string, unknown>;
  object: object;
  name: unknown;
  args: readonly unknown[];
}

/** A program's calls of methods, the innermost first. */
export function* methodCallsOf(program: object): Generator<MethodCall> {
  // The entries of a mapping stand in a Map.
  const children: unknown[] = program instanceof Map ? [...program].flat() : Object.values(program);
  for (const child of children) {
    if (typeof child === 'object' && child !== null) yield* methodCallsOf(child);
  }
  const node = program as Record<string, unknown>;
  const { type, callee, args } = node;
  if (type !== 'CallExpression' || !Array.isArray(args)) return;
  const { object, property, computed } = callee as {
    object?: object;
    property?: { value?: unknown };
    computed?: boolean;
  };
  if (object !== undefined && computed !== true) yield { node, object, name: property?.value, args };
}
