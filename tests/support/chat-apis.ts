import { sseData } from './openapi-validator.ts';
import type { ClientTool } from './tool-clients.ts';

/** The four APIs on one conversation with tools, by their wire formats. */

export interface ChatQuestion {
  readonly system: string;
  readonly question: string;
  readonly tools: readonly ClientTool[];
}

/** What an answer holds, whatever its API. */
export interface WireAnswer {
  readonly content: string;
  /** `args`: the text of the arguments, or what it stands for where the API hands on an object. */
  readonly calls: readonly { readonly name: string; readonly args: unknown }[];
}

export interface ChatApi {
  readonly path: string;
  readonly ask: (question: ChatQuestion) => object;
  readonly read: (body: unknown) => WireAnswer;
  /** Throws for a stream that does not come to its end, or has an error in it. */
  readonly readStream: (text: string) => WireAnswer;
  /** The next turn: the answer as it came, and a result for each call. */
  readonly goOn: (asked: object, body: unknown, result: string) => object;
}

const MAX_TOKENS = 8000;

/** JSON of which openapi.yaml has the schema; a field that is not there reads as undefined. */
interface Wire {
  readonly [field: string]: Wire | undefined;
}

const wire = (value: unknown): Wire => value as Wire;
const list = (value: unknown): Wire[] => (Array.isArray(value) ? (value as Wire[]) : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

function framesOf(stream: string, last: string): Wire[] {
  if (!stream.trimEnd().endsWith(last)) throw new Error(`the stream ends in ${stream.slice(-200)}`);
  const frames = sseData(stream) as Wire[];
  const fault = frames.find(({ error }) => error !== undefined);
  if (fault !== undefined) throw new Error(`a frame is an error: ${JSON.stringify(fault)}`);
  return frames;
}

/** Joins the pieces of calls by their index. */
class JoinedCalls {
  readonly calls: { name: string; args: string }[] = [];

  add(index: unknown, name: unknown, args: unknown): void {
    const call = (this.calls[Number(index)] ??= { name: '', args: '' });
    call.name += text(name);
    call.args += text(args);
  }
}

function readDeltas(deltas: readonly Wire[]): WireAnswer {
  const joined = new JoinedCalls();
  for (const delta of deltas) {
    for (const { index, function: named } of list(delta.tool_calls))
      joined.add(index, named?.name, named?.arguments);
  }
  const content = deltas.map((delta) => text(delta.content ?? delta.response)).join('');
  return { content, calls: joined.calls };
}

const CHAT: ChatApi = {
  path: '/v1/chat/completions',
  ask: ({ system, question, tools }) => ({
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: question },
    ],
    tools,
    max_tokens: MAX_TOKENS,
  }),
  read: (body) => {
    const message = wire(wire(body)['choices']?.[0]?.['message']);
    const calls = list(message.tool_calls).map(({ function: named }) => ({
      name: text(named?.name),
      args: named?.arguments,
    }));
    return { content: text(message.content), calls };
  },
  readStream: (stream) =>
    readDeltas(framesOf(stream, 'data: [DONE]').map((frame) => wire(frame['choices']?.[0]?.['delta'] ?? {}))),
  goOn: (asked, body, result) => {
    const message = wire(wire(body)['choices']?.[0]?.['message']);
    const results = list(message.tool_calls).map(({ id }) => ({
      role: 'tool',
      tool_call_id: id,
      content: result,
    }));
    return { ...asked, messages: [...list(wire(asked).messages), message, ...results] };
  },
};

const RESPONSES: ChatApi = {
  path: '/v1/responses',
  ask: ({ system, question, tools }) => ({
    instructions: system,
    input: [{ role: 'user', content: question }],
    tools: tools.map(({ function: named }) => ({ type: 'function', ...named, strict: false })),
    max_output_tokens: MAX_TOKENS,
  }),
  read: (body) => {
    const items = list(wire(body).output);
    const calls = items.filter((item) => text(item.type) === 'function_call');
    const parts = items.filter((item) => text(item.type) === 'message').flatMap((item) => list(item.content));
    return {
      content: parts.map((part) => text(part.text)).join(''),
      calls: calls.map(({ name, arguments: args }) => ({ name: text(name), args })),
    };
  },
  readStream: (stream) => {
    const last = framesOf(stream, '').at(-1);
    if (text(last?.type) !== 'response.completed') throw new Error(`the last event is ${text(last?.type)}`);
    return RESPONSES.read(last?.response);
  },
  goOn: (asked, body, result) => {
    const output = list(wire(body).output);
    const results = output.flatMap(({ type, call_id }) =>
      text(type) === 'function_call' ? [{ type: 'function_call_output', call_id, output: result }] : [],
    );
    return { ...asked, input: [...list(wire(asked).input), ...output, ...results] };
  },
};

const MESSAGES: ChatApi = {
  path: '/v1/messages',
  ask: ({ system, question, tools }) => ({
    system,
    messages: [{ role: 'user', content: question }],
    tools: tools.map(({ function: { name, description, parameters } }) => ({
      name,
      description,
      input_schema: parameters,
    })),
    max_tokens: MAX_TOKENS,
  }),
  read: (body) => {
    const blocks = list(wire(body).content);
    const calls = blocks.filter((block) => text(block.type) === 'tool_use');
    return {
      content: blocks.map((block) => text(block.text)).join(''),
      calls: calls.map(({ name, input }) => ({ name: text(name), args: input })),
    };
  },
  readStream: (stream) => {
    const frames = framesOf(stream, '');
    if (text(frames.at(-1)?.type) !== 'message_stop') throw new Error('the stream has no message_stop');
    const joined = new JoinedCalls();
    for (const { index, content_block: block, delta } of frames) {
      if (text(block?.type) === 'tool_use') joined.add(index, block?.name, '');
      if (delta?.partial_json !== undefined) joined.add(index, '', delta.partial_json);
    }
    const content = frames.map(({ delta }) => text(delta?.text)).join('');
    return { content, calls: joined.calls.flat() };
  },
  goOn: (asked, body, result) => {
    const content = list(wire(body).content);
    const results = content.flatMap(({ type, id }) =>
      text(type) === 'tool_use' ? [{ type: 'tool_result', tool_use_id: id, content: result }] : [],
    );
    const turns = [
      { role: 'assistant', content },
      { role: 'user', content: results },
    ];
    return { ...asked, messages: [...list(wire(asked).messages), ...turns] };
  },
};

/** @param model of the path */
const workersAi = (model: string): ChatApi => ({
  path: `/ai/run/${model}`,
  ask: ({ system, question, tools }) => ({
    messages: [
      { role: 'system', content: system },
      { role: 'user', content: question },
    ],
    tools: tools.map(({ function: named }) => named),
    max_tokens: MAX_TOKENS,
  }),
  read: (body) => {
    const { result } = wire(body);
    const calls = list(result?.tool_calls).map(({ name, arguments: args }) => ({ name: text(name), args }));
    return { content: text(result?.response), calls };
  },
  readStream: (stream) => readDeltas(framesOf(stream, 'data: [DONE]')),
  goOn: (asked, body, result) => {
    const { result: answer } = wire(body);
    const calls = list(answer?.tool_calls);
    const turn = { role: 'assistant', content: answer?.response, tool_calls: calls };
    const results = calls.map(({ name }) => ({ role: 'tool', name, content: result }));
    return { ...asked, messages: [...list(wire(asked).messages), turn, ...results] };
  },
});

export const chatApis = (model: string): Readonly<Record<string, ChatApi>> => ({
  chat: CHAT,
  responses: RESPONSES,
  messages: MESSAGES,
  'Workers AI': workersAi(model),
});
