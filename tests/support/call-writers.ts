/** A call as a test means it, whatever a model's family makes of it. */
export interface ScriptedCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** How the models of a family write. */
export interface FamilyWriter {
  /** The template in tests/fixtures/chat-templates/published. */
  readonly family: string;
  readonly writeCalls: (calls: readonly ScriptedCall[]) => string;
  /** Text may stand before the calls. */
  readonly takesText: boolean;
  /** A reply without a call, where it is wrapped. */
  readonly writeReply?: (text: string) => string;
}

/** As Python's `json.dumps` writes it, which most models were trained on. */
export function spacedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spacedJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${JSON.stringify(key)}: ${spacedJson(item)}`)
    .join(', ')}}`;
}

function pythonLiteral(value: unknown): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'string') return pythonString(value);
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(', ')}]`;
  if (typeof value !== 'object') return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${pythonString(key)}: ${pythonLiteral(item)}`)
    .join(', ')}}`;
}

/** As `repr` does: in double quotation marks only where the text has single ones alone. */
function pythonString(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
    .replaceAll(quote, `\\${quote}`);
  return quote + escaped + quote;
}

function gemmaValue(value: unknown): string {
  if (typeof value === 'string') return `<escape>${value}<escape>`;
  if (Array.isArray(value)) return `[${value.map(gemmaValue).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value)
    .map(([key, item]) => `${key}:${gemmaValue(item)}`)
    .join(',')}}`;
}

const jsonCall = ({ name, arguments: args }: ScriptedCall, key = 'arguments'): string =>
  `{"name": ${JSON.stringify(name)}, ${JSON.stringify(key)}: ${spacedJson(args)}}`;

const hermesCalls: FamilyWriter['writeCalls'] = (calls) =>
  calls.map((call) => `<tool_call>\n${jsonCall(call)}\n</tool_call>`).join('\n');

const genericCalls: FamilyWriter['writeCalls'] = (calls) =>
  `{"tool_calls": [${calls.map((call) => jsonCall(call)).join(', ')}]}`;

const genericReply = (text: string): string => `{"response": ${JSON.stringify(text)}}`;

function taggedCall({ name, arguments: args }: ScriptedCall): string {
  const parameters = Object.entries(args).map(([key, value]) => {
    const text = typeof value === 'string' ? value : spacedJson(value);
    return `<parameter=${key}>\n${text}\n</parameter>\n`;
  });
  return `<tool_call>\n<function=${name}>\n${parameters.join('')}</function>\n</tool_call>`;
}

const pythonicCall = ({ name, arguments: args }: ScriptedCall): string =>
  `${name}(${Object.entries(args)
    .map(([key, value]) => `${key}=${pythonLiteral(value)}`)
    .join(', ')})`;

/** The families that the clients are tried with. */
export const FAMILY_WRITERS: readonly FamilyWriter[] = [
  ...['qwen2.5', 'qwen3', 'hermes'].map((family) => ({ family, takesText: true, writeCalls: hermesCalls })),
  {
    family: 'qwen3-coder',
    takesText: true,
    writeCalls: (calls) => calls.map(taggedCall).join('\n'),
  },
  {
    family: 'llama-json',
    takesText: false,
    writeCalls: (calls) => calls.map((call) => jsonCall(call, 'parameters')).join('; '),
  },
  {
    family: 'pythonic',
    takesText: false,
    writeCalls: (calls) => `[${calls.map(pythonicCall).join(', ')}]`,
  },
  {
    family: 'mistral-nemo',
    takesText: true,
    writeCalls: (calls) => `[TOOL_CALLS][${calls.map((call) => jsonCall(call)).join(', ')}]`,
  },
  {
    family: 'mistral-small-3.2',
    takesText: true,
    writeCalls: (calls) =>
      calls.map(({ name, arguments: args }) => `[TOOL_CALLS]${name}[ARGS]${spacedJson(args)}`).join(''),
  },
  {
    family: 'function-gemma',
    takesText: true,
    writeCalls: (calls) =>
      calls
        .map(
          ({ name, arguments: args }) =>
            `<start_function_call>call:${name}${gemmaValue(args)}<end_function_call>`,
        )
        .join(''),
  },
  {
    family: 'granite-3.3',
    takesText: true,
    writeCalls: (calls) => `<|tool_call|>[${calls.map((call) => jsonCall(call)).join(', ')}]`,
  },
  ...['gemma', 'smollm2', 'smollm3'].map((family) => ({
    family,
    takesText: false,
    writeCalls: genericCalls,
    writeReply: genericReply,
  })),
];
