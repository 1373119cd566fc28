/** `object.name(…args)` in a parsed program; `node` may be changed in place. */
interface MethodCall {
  node: Record<string, unknown>;
  object: object;
  name: unknown;
  args: readonly unknown[];
}

/** A program's method calls, inner ones before those around them. */
export function* methodCallsOf(program: object): Generator<MethodCall> {
  // A literal mapping has its entries in a Map.
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
