import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import OpenAI7 from 'openai-7';
import type { ScriptedCall } from './call-writers.ts';

/** A tool as OpenAI's chat describes it. */
export interface ClientTool {
  readonly type: 'function';
  readonly function: {
    readonly name: string;
    readonly description: string;
    readonly parameters: Record<string, unknown>;
  };
}

export interface ToolConversation {
  readonly url: string;
  readonly model: string;
  readonly system: string;
  readonly question: string;
  readonly tools: readonly ClientTool[];
  /** What a tool answers; called before the results are sent back. */
  readonly resultOf: (name: string) => string;
}

/** What a client put together of an answer with calls, and of the answer to their results. */
export interface ClientAnswers {
  readonly said: string;
  readonly calls: readonly ScriptedCall[];
  readonly reply: string;
}

/** Asks, runs the tools that the answer calls, and sends their results back in the client's own objects. */
export type ToolClient = (conversation: ToolConversation) => Promise<ClientAnswers>;

const MAX_TOKENS = 2048;

type ParsedArguments = ScriptedCall['arguments'];
const parse = (text: string): ParsedArguments => JSON.parse(text) as ParsedArguments;

const openAi = (Client: typeof OpenAI | typeof OpenAI7, url: string): OpenAI =>
  // Both versions have what is used of them here.
  new Client({ baseURL: `${url}/v1`, apiKey: 'none', maxRetries: 0 }) as OpenAI;

type Messages = OpenAI.ChatCompletionMessageParam[];

const startOf = ({ system, question }: ToolConversation): Messages => [
  { role: 'system', content: system },
  { role: 'user', content: question },
];

type OpenAiCalls = OpenAI.ChatCompletionMessage['tool_calls'];

const toCalls = (calls: OpenAiCalls): ScriptedCall[] =>
  (calls ?? []).flatMap((call) =>
    call.type === 'function' ? [{ name: call.function.name, arguments: parse(call.function.arguments) }] : [],
  );

/** `chat.completions.stream().finalMessage()`. */
const chatStream =
  (Client: typeof OpenAI | typeof OpenAI7): ToolClient =>
  async (conversation) => {
    const { url, model, tools, resultOf } = conversation;
    const client = openAi(Client, url);
    const messages = startOf(conversation);
    const ask = () => client.chat.completions.stream({ model, messages, tools: [...tools] }).finalMessage();
    const answer = await ask();
    messages.push(answer);
    for (const call of answer.tool_calls ?? []) {
      const name = call.type === 'function' ? call.function.name : '';
      messages.push({ role: 'tool', tool_call_id: call.id, content: resultOf(name) });
    }
    const calls = toCalls(answer.tool_calls);
    return { said: answer.content ?? '', calls, reply: (await ask()).content ?? '' };
  };

/** `chat.completions.runTools`, which parses the arguments, runs the functions and asks again. */
const toolRunner =
  (Client: typeof OpenAI | typeof OpenAI7, stream: boolean): ToolClient =>
  async (conversation) => {
    const { url, model, tools, resultOf } = conversation;
    const runnable = tools.map(({ function: named, ...tool }) => ({
      ...tool,
      function: { ...named, parse, function: () => resultOf(named.name) },
    }));
    const runner = openAi(Client, url).chat.completions.runTools({
      model,
      messages: startOf(conversation),
      tools: runnable,
      ...(stream ? { stream } : {}),
    } as Parameters<OpenAI['chat']['completions']['runTools']>[0]);
    const reply = (await runner.finalContent()) ?? '';
    const answers = runner.allChatCompletions().map(({ choices }) => choices[0]?.message);
    return { said: answers[0]?.content ?? '', calls: toCalls(answers[0]?.tool_calls), reply };
  };

/** `responses.stream().finalResponse()`; the output's items go back as they are. */
const responsesStream =
  (Client: typeof OpenAI | typeof OpenAI7): ToolClient =>
  async ({ url, model, system, question, tools, resultOf }) => {
    const client = openAi(Client, url);
    const input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: question }];
    const flat = tools.map(({ function: named }) => ({ ...named, type: 'function' as const, strict: false }));
    const ask = () =>
      client.responses.stream({ model, instructions: system, input, tools: flat }).finalResponse();
    const answer = await ask();
    const items = answer.output.filter((item) => item.type === 'function_call');
    input.push(...(answer.output as OpenAI.Responses.ResponseInput));
    for (const { call_id, name } of items) {
      input.push({ type: 'function_call_output', call_id, output: resultOf(name) });
    }
    const calls = items.map(({ name, arguments: text }) => ({ name, arguments: parse(text) }));
    return { said: answer.output_text, calls, reply: (await ask()).output_text };
  };

/** `messages.stream().finalMessage()`. */
const messagesStream: ToolClient = async ({ url, model, system, question, tools, resultOf }) => {
  const client = new Anthropic({ baseURL: url, apiKey: 'none', maxRetries: 0 });
  const messages: Anthropic.MessageParam[] = [{ role: 'user', content: question }];
  const inputs = tools.map(({ function: { name, description, parameters } }) => ({
    name,
    description,
    input_schema: parameters as Anthropic.Tool.InputSchema,
  }));
  // OpenAI's models reason unless told otherwise, Anthropic's only where they are asked to.
  const thinking = { type: 'enabled' as const, budget_tokens: MAX_TOKENS / 2 };
  const body = { model, system, messages, tools: inputs, max_tokens: MAX_TOKENS, thinking };
  const answer = await client.messages.stream(body).finalMessage();
  const blocks = answer.content.filter((block) => block.type === 'tool_use');
  const results = blocks.map(({ id, name }) => ({
    type: 'tool_result' as const,
    tool_use_id: id,
    content: resultOf(name),
  }));
  messages.push({ role: 'assistant', content: answer.content }, { role: 'user', content: results });
  const reply = await client.messages.stream(body).finalMessage();
  const calls = blocks.map(({ name, input }) => ({ name, arguments: input as ParsedArguments }));
  return { said: textOf(answer), calls, reply: textOf(reply) };
};

const textOf = ({ content }: Anthropic.Message): string =>
  content.flatMap((block) => (block.type === 'text' ? block.text : [])).join('');

/** By the way that they are used; where there are several versions, the older first. */
export const TOOL_CLIENTS: Readonly<Record<string, readonly ToolClient[]>> = {
  'openai: chat.completions.stream': [chatStream(OpenAI), chatStream(OpenAI7)],
  'openai: runTools': [toolRunner(OpenAI, false), toolRunner(OpenAI7, true)],
  'openai: responses.stream': [responsesStream(OpenAI), responsesStream(OpenAI7)],
  '@anthropic-ai/sdk: messages.stream': [messagesStream],
};
