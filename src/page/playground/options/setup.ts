import type { Setup } from '../chats/chat.ts';

/** An example for each field of a setup: what a reader can try without knowing its form. */
export const EXAMPLES: Readonly<Pick<Setup, 'system' | 'schema' | 'tools'>> = {
  system: 'You are a friendly pirate. Answer in one short sentence.',
  schema: JSON.stringify(
    {
      type: 'object',
      properties: {
        name: { type: 'string', maxLength: 20 },
        animal: { enum: ['fox', 'owl', 'cat'] },
        age: { type: 'integer', minimum: 1, maximum: 99 },
      },
      required: ['name', 'animal', 'age'],
      additionalProperties: false,
    },
    null,
    2,
  ),
  tools: JSON.stringify(
    [
      {
        type: 'function',
        function: {
          name: 'get_weather',
          description: 'The weather in a city',
          parameters: {
            type: 'object',
            properties: { city: { type: 'string', maxLength: 30 } },
            required: ['city'],
            additionalProperties: false,
          },
          strict: true,
        },
      },
    ],
    null,
    2,
  ),
};

/** What is wrong with what was typed; a field without a fault is absent. */
export interface SetupFaults {
  schema?: string;
  tools?: string;
}

export function faultsOf({ schema, tools }: Pick<Setup, 'schema' | 'tools'>): SetupFaults {
  const [schemaFault, toolsFault] = [jsonFault(schema, isObject), jsonFault(tools, Array.isArray)];
  return {
    ...(schemaFault === undefined
      ? {}
      : {
          schema:
            schemaFault === '' ? 'The schema is no JSON object' : `The schema is no JSON: ${schemaFault}`,
        }),
    ...(toolsFault === undefined
      ? {}
      : { tools: toolsFault === '' ? 'The tools are no JSON list' : `The tools are no JSON: ${toolsFault}` }),
  };
}

/** The fields of a request's body; a field with a fault is left out: `faultsOf` keeps it from being sent. */
export function toSetupFields(
  { schema, tools, mustCall }: Setup,
  isResult: boolean,
): Record<string, unknown> {
  const [schemaValue, toolsValue] = [parsed(schema), parsed(tools)];
  return {
    ...(isObject(schemaValue)
      ? { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: schemaValue } } }
      : {}),
    ...(Array.isArray(toolsValue) && toolsValue.length > 0
      ? // With a result at hand the model is free to answer: else it would call for ever.
        { tools: toolsValue, ...(mustCall && !isResult ? { tool_choice: 'required' } : {}) }
      : {}),
  };
}

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Undefined: nothing is wrong. Empty: it is JSON, of another kind. */
function jsonFault(text: string, isRight: (value: unknown) => boolean): string | undefined {
  if (text.trim() === '') return undefined;
  try {
    return isRight(JSON.parse(text)) ? undefined : '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Undefined for what is empty or no JSON. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
