import { isRecord } from '../../../src/values.ts';

/**
 * A body for a chat-shaped id of Cloudflare's, as OpenAI's chat completions have it. Cloudflare takes its own forms there
 * too: a prompt in place of messages, a tool without `function` around it, a JSON Schema without a name, and null for no
 * reasoning. Streams tell their usage without being asked.
 */
export function toChatBody(body: Record<string, unknown>): Record<string, unknown> {
  const { prompt, ...others } = body;
  const asked =
    prompt === undefined || 'messages' in body ? body : { ...others, messages: asMessages(prompt) };
  const { tools, response_format: format, stream, stream_options: options } = asked;
  return {
    ...asked,
    ...(Array.isArray(tools) ? { tools: tools.map(toNestedTool) } : {}),
    ...(asked['reasoning_effort'] === null ? { reasoning_effort: 'none' } : {}),
    ...(isRecord(format) ? { response_format: toNamedFormat(format) } : {}),
    ...(stream === true && (options ?? null) === null ? { stream_options: { include_usage: true } } : {}),
  };
}

const asMessages = (prompt: unknown): object[] => [{ role: 'user', content: prompt }];

function toNestedTool(tool: unknown): unknown {
  if (!isRecord(tool) || 'function' in tool || !('name' in tool)) return tool;
  const { type = 'function', ...definition } = tool;
  return { type, function: definition };
}

/** OpenAI has the schema in `json_schema.schema`, which is no keyword of JSON Schema. */
function toNamedFormat(format: Record<string, unknown>): unknown {
  const { type, json_schema: schema } = format;
  const isBare = type === 'json_schema' && (typeof schema === 'boolean' || isRecord(schema));
  if (!isBare || (isRecord(schema) && isRecord(schema['schema']))) return format;
  return { ...format, json_schema: { name: 'answer', schema } };
}
