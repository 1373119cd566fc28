/** Names that no template can write. */
const STRING_FILTER = ' string';
const FORMAT_FILTER = ' format';

/** What `withPythonFilters` lets a program call. */
export const PYTHON_FILTER_GLOBALS: Readonly<Record<string, (...values: unknown[]) => string>> = {
  [STRING_FILTER]: (value) => toPythonText(value),
  [FORMAT_FILTER]: (template, ...values) => formatByPercent(toPythonText(template), values),
};

const GLOBAL_OF: Readonly<Record<string, string>> = { string: STRING_FILTER, format: FORMAT_FILTER };

/**
 * The library (0.5) has no filter `format`, and none `string` for what is null or an object: Qwen's and Llama's templates
 * write the arguments of earlier calls by these. This turns them into calls of PYTHON_FILTER_GLOBALS, in place.
 */
export function withPythonFilters<T extends object>(program: T): T {
  for (const child of Object.values(program)) {
    if (typeof child === 'object' && child !== null) withPythonFilters(child as object);
  }
  const node: Record<string, unknown> = program as Record<string, unknown>;
  if (node['type'] !== 'FilterExpression') return program;
  const { name, args } = filterOf(node['filter']);
  if (!Object.hasOwn(GLOBAL_OF, name)) return program;
  node['type'] = 'CallExpression';
  node['callee'] = { type: 'Identifier', value: GLOBAL_OF[name] };
  node['args'] = [node['operand'], ...args];
  return program;
}

function filterOf(filter: unknown): { name: string; args: readonly unknown[] } {
  const { type, value, callee, args } = (filter ?? {}) as Record<string, unknown>;
  if (type === 'Identifier') return { name: String(value), args: [] };
  const { value: name } = (callee ?? {}) as Record<string, unknown>;
  return { name: String(name), args: Array.isArray(args) ? (args as unknown[]) : [] };
}

/** Python's `str` of what the library hands to a function: plain values, lists and maps of its own values. */
function toPythonText(value: unknown): string {
  return typeof value === 'string' ? value : toPythonLiteral(value);
}

function toPythonLiteral(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return `[${value.map((item) => toPythonLiteral(inner(item))).join(', ')}]`;
  if (value instanceof Map) {
    const entries = [...(value as Map<string, unknown>)];
    return `{${entries.map(([key, item]) => `${quote(key)}: ${toPythonLiteral(inner(item))}`).join(', ')}}`;
  }
  return typeof value === 'number' ? String(value) : '';
}

/** The library wraps each value. */
const inner = (value: unknown): unknown =>
  typeof value === 'object' && value !== null && 'value' in value ? value.value : value;

/** As `repr` quotes a text. */
function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll(mark, `\\${mark}`)
    .replaceAll('\n', '\\n')
    .replaceAll('\r', '\\r')
    .replaceAll('\t', '\\t');
  return mark + escaped + mark;
}

/** `%s` and `%d` in turn; other directives stand as they are. */
function formatByPercent(template: string, values: readonly unknown[]): string {
  const next = values.values();
  return template.replaceAll(/%([sd%])/g, (_, letter: string) =>
    letter === '%' ? '%' : toPythonText(next.next().value),
  );
}
