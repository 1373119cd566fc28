const METHODS: ReadonlySet<unknown> = new Set(['items', 'keys', 'values']);

/**
 * In the library (0.5) a key hides a mapping's method of the same name: `schema.items()` fails where a JSON Schema has
 * `items`, and `arguments.items()` where a call has an argument of that name. In Python the method comes first. The
 * library's filters of these names look at no key: this turns such calls of a parsed program into filters, in place.
 */
export function withMappingMethods<T extends object>(program: T): T {
  for (const child of Object.values(program)) {
    if (typeof child === 'object' && child !== null) withMappingMethods(child as object);
  }
  const node: Record<string, unknown> = program as Record<string, unknown>;
  const { type, callee, args } = node;
  if (type !== 'CallExpression' || !Array.isArray(args) || args.length > 0) return program;
  const { object, property, computed } = callee as {
    object?: object;
    property?: { value?: unknown };
    computed?: boolean;
  };
  if (object === undefined || computed === true || !METHODS.has(property?.value)) return program;
  node['type'] = 'FilterExpression';
  node['operand'] = object;
  node['filter'] = { type: 'Identifier', value: property?.value };
  return program;
}
