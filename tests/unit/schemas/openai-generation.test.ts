import { describe, expect, it } from 'vitest';
import { chatRequestSchema, DEFAULT_MAX_ANSWER_TOKENS, toChat } from '../../../routes/openai/schemas/chat.ts';
import { completionRequestSchema } from '../../../routes/openai/schemas/completions.ts';
import { toCompletion } from '../../../routes/openai/schemas/generation.ts';
import { parseInput } from '../../../routes/shared/schemas/parse-input.ts';
import type { ModelInfo } from '../../../src/engine/engine.ts';
import {
  isConversation,
  type Conversation,
  type GenerationRequest,
} from '../../../src/generation/generation-request.ts';
import { SCRIPTED_MODEL } from '../../support/scripted-engine.ts';

const MODEL: ModelInfo = { ...SCRIPTED_MODEL, contextLength: 4096 };
const messages = [{ role: 'user', content: 'a' }];

const chat = (body: object, model = MODEL): GenerationRequest =>
  toChat(parseInput(chatRequestSchema, { messages, ...body }), model, 1000);
const complete = (body: object, model = MODEL): GenerationRequest =>
  toCompletion(parseInput(completionRequestSchema, { prompt: 'a', ...body }), model, 1000);

function conversationOf(body: object): Conversation {
  const { input } = chat(body);
  if (!isConversation(input)) throw new Error('a chat is a conversation');
  return input;
}

const SCHEMA = { type: 'object', properties: { a: { type: 'integer' } } };
const tool = (name: string, more: object = {}): object => ({ type: 'function', function: { name, ...more } });
const tools = [
  tool('f', { description: 'adds', parameters: SCHEMA, strict: true, cache_control: {} }),
  tool('g', { description: null, parameters: null, strict: null }),
];

describe('tools', () => {
  it('become definitions, which know their field', () => {
    expect(conversationOf({ tools })).toMatchObject({
      tools: [
        { name: 'f', description: 'adds', parameters: SCHEMA, strict: true, param: 'tools[0].function' },
        { name: 'g', param: 'tools[1].function' },
      ],
      toolChoice: { type: 'auto' },
      allowsParallelCalls: true,
    });
    expect(conversationOf({ tools }).tools[1]).toEqual({ name: 'g', param: 'tools[1].function' });
  });

  it.each([
    [{}, { type: 'none' }],
    [{ tools: [] }, { type: 'none' }],
    [{ tool_choice: 'auto' }, { type: 'none' }],
    [{ tools, tool_choice: null }, { type: 'auto' }],
    [{ tools, tool_choice: 'none' }, { type: 'none' }],
    [{ tools, tool_choice: 'required' }, { type: 'required' }],
    [
      { tools, tool_choice: tool('g') },
      { type: 'named', name: 'g' },
    ],
  ])('choice of %j', (body, toolChoice) => {
    expect(conversationOf(body).toolChoice).toEqual(toolChoice);
  });

  it('are only those that a choice allows', () => {
    const choice = { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [tool('g')] } };
    const asked = conversationOf({ tools, tool_choice: choice, parallel_tool_calls: false });
    expect(asked.tools.map(({ name }) => name)).toEqual(['g']);
    expect(asked).toMatchObject({ toolChoice: { type: 'required' }, allowsParallelCalls: false });
  });

  it('may be called functions, as before', () => {
    const functions = [{ name: 'f', parameters: SCHEMA }];
    expect(conversationOf({ functions })).toMatchObject({
      tools: [{ name: 'f', parameters: SCHEMA, param: 'functions[0]' }],
      toolChoice: { type: 'auto' },
      allowsParallelCalls: false,
    });
    const named = conversationOf({ functions, function_call: { name: 'f' } });
    expect(named.toolChoice).toEqual({ type: 'named', name: 'f' });
    expect(conversationOf({ functions, function_call: 'none' }).toolChoice).toEqual({ type: 'none' });
  });
});

describe('what the answer must look like', () => {
  const schemaOf = (param: string): object => ({ type: 'jsonSchema', schema: SCHEMA, param });
  const choice = { type: 'choice', items: ['a', 'b'].map((text) => ({ type: 'literal', text })) };

  it.each<[object, object | undefined]>([
    [{}, undefined],
    [{ response_format: null, guided_json: null, structured_outputs: {} }, undefined],
    [{ response_format: { type: 'text' } }, undefined],
    [{ response_format: { type: 'json_object' } }, { type: 'jsonObject' }],
    [{ response_format: { type: 'json_object', schema: SCHEMA } }, schemaOf('response_format.schema')],
    [
      { response_format: { type: 'json_schema', json_schema: { name: 'n', strict: true, schema: SCHEMA } } },
      schemaOf('response_format.json_schema.schema'),
    ],
    [{ response_format: { type: 'json_schema', schema: SCHEMA } }, schemaOf('response_format.schema')],
    [{ guided_json: SCHEMA }, schemaOf('guided_json')],
    [{ guided_json: JSON.stringify(SCHEMA) }, schemaOf('guided_json')],
    [{ json_schema: SCHEMA }, schemaOf('json_schema')],
    [{ structured_outputs: { json: JSON.stringify(SCHEMA) } }, schemaOf('structured_outputs.json')],
    [{ structured_outputs: { json_object: true } }, { type: 'jsonObject' }],
    [{ structured_outputs: { json_object: false } }, undefined],
    [{ guided_regex: 'a+' }, { type: 'regex', pattern: 'a+', param: 'guided_regex' }],
    [
      { structured_outputs: { regex: 'a' } },
      { type: 'regex', pattern: 'a', param: 'structured_outputs.regex' },
    ],
    [{ guided_choice: ['a', 'b'] }, choice],
    [{ structured_outputs: { choice: ['a', 'b'] } }, choice],
    [{ guided_grammar: 'root ::= "a"' }, { type: 'ebnf', text: 'root ::= "a"', param: 'guided_grammar' }],
    [{ grammar: 'root ::= "a"' }, { type: 'ebnf', text: 'root ::= "a"', param: 'grammar' }],
    // SGLang's, which Outlines and Guidance send.
    [{ regex: 'a+' }, { type: 'regex', pattern: 'a+', param: 'regex' }],
    [{ ebnf: 'root ::= "a"' }, { type: 'ebnf', text: 'root ::= "a"', param: 'ebnf' }],
    // The same in vLLM's older and newer words, as Guidance sends it.
    [
      { guided_json: SCHEMA, structured_outputs: { json: JSON.stringify(SCHEMA) } },
      schemaOf('structured_outputs.json'),
    ],
    [
      { guided_grammar: 'root ::= "a"', structured_outputs: { grammar: 'root ::= "a"' } },
      { type: 'ebnf', text: 'root ::= "a"', param: 'structured_outputs.grammar' },
    ],
    [{ guided_choice: ['a', 'b'], structured_outputs: { choice: ['a', 'b'] } }, choice],
    [
      { response_format: { type: 'text' }, guided_regex: 'a' },
      { type: 'regex', pattern: 'a', param: 'guided_regex' },
    ],
  ])('%j, in chats and completions', (body, format) => {
    expect(chat(body).format).toEqual(format);
    expect(complete(body).format).toEqual(format);
  });
});

describe('reasoning', () => {
  it.each<[object, object, object]>([
    [{}, { isEnabled: undefined, maxTokens: undefined }, {}],
    [{ reasoning_effort: null }, { isEnabled: undefined }, {}],
    [{ reasoning_effort: 'none' }, { isEnabled: false }, {}],
    [{ reasoning_effort: 'low' }, { isEnabled: undefined, maxTokens: 1024 }, { reasoning_effort: 'low' }],
    [{ reasoning_effort: 'high' }, { maxTokens: undefined }, { reasoning_effort: 'high' }],
    [{ reasoning_effort: 'low', thinking_budget: 5 }, { maxTokens: 5 }, { reasoning_effort: 'low' }],
    [{ reasoning_effort: 'low', thinking_budget: -1 }, { maxTokens: undefined }, { reasoning_effort: 'low' }],
    [
      { reasoning: { effort: 'minimal' } },
      { isEnabled: true, maxTokens: 256 },
      { reasoning_effort: 'minimal' },
    ],
    [{ reasoning: { effort: 'none' } }, { isEnabled: false }, {}],
    [{ reasoning: { max_tokens: 9 } }, { isEnabled: true, maxTokens: 9 }, {}],
    [{ reasoning: { max_tokens: 9, enabled: false } }, { isEnabled: false, maxTokens: 9 }, {}],
    [{ reasoning: {}, thinking: null }, { isEnabled: undefined, maxTokens: undefined }, {}],
    [{ thinking: { type: 'enabled', budget_tokens: 3 } }, { isEnabled: true, maxTokens: 3 }, {}],
    [{ thinking: { type: 'disabled' }, enable_thinking: false }, { isEnabled: false }, {}],
    [{ enable_thinking: true }, { isEnabled: true, maxTokens: undefined }, {}],
    [{ chat_template_kwargs: { thinking_budget: 4 } }, { maxTokens: 4 }, { thinking_budget: 4 }],
    [{ chat_template_kwargs: { thinking_budget: 'x' } }, { maxTokens: undefined }, { thinking_budget: 'x' }],
    [{ chat_template_kwargs: { enable_thinking: false } }, { isEnabled: false }, { enable_thinking: false }],
    [
      { reasoning_effort: 'low', chat_template_kwargs: { reasoning_effort: 'high', a: [1] } },
      { isEnabled: undefined },
      { reasoning_effort: 'high', a: [1] },
    ],
    [{ thinking_token_budget: 5 }, { maxTokens: 5 }, {}],
    [{ max_reasoning_tokens: 0 }, { maxTokens: 0 }, {}],
    [{ thinking_budget_tokens: -1 }, { maxTokens: undefined }, {}],
    [{ thinking_budget_tokens: 7, max_reasoning_tokens: 7 }, { maxTokens: 7 }, {}],
  ])('%j', (body, reasoning, templateArguments) => {
    const asked = conversationOf(body);
    expect(asked.reasoning).toMatchObject(reasoning);
    expect(asked.templateArguments).toEqual(templateArguments);
  });
});

describe('defaults', () => {
  const generationDefaults = {
    temperature: 0.7,
    topP: 0.8,
    topK: 20,
    minP: 0.05,
    repetitionPenalty: 1.1,
    maxTokens: 300,
  };
  const tuned = { ...MODEL, generationDefaults };

  it("are OpenAI's where the model's files say nothing", () => {
    const { sampling, maxTokens } = chat({}).params;
    expect(sampling).toMatchObject({ temperature: 1, topP: 1, topK: 0, minP: 0, repetitionPenalty: 1 });
    expect(maxTokens).toBe(DEFAULT_MAX_ANSWER_TOKENS);
    expect(chat({}, SCRIPTED_MODEL).params.maxTokens).toBe(SCRIPTED_MODEL.contextLength);
    expect(complete({}).params.maxTokens).toBe(16);
  });

  it("are the model's, in chats and completions; a completion keeps its 16 tokens", () => {
    const { maxTokens, ...drawn } = generationDefaults;
    expect(chat({}, tuned).params.sampling).toMatchObject(drawn);
    expect(complete({}, tuned).params.sampling).toMatchObject(drawn);
    expect(chat({}, tuned)).toMatchObject({ params: { maxTokens }, asksForMaxTokens: false });
    expect(complete({}, tuned).params.maxTokens).toBe(16);
  });

  it.each([-1, null, undefined])('of tokens, where a client sends %s', (max_tokens) => {
    const { contextLength } = SCRIPTED_MODEL;
    const isAll = max_tokens === -1;
    const ofChat = { params: { maxTokens: isAll ? contextLength : 4 }, asksForMaxTokens: false };
    const small = { ...SCRIPTED_MODEL, generationDefaults: { maxTokens: 4 } };
    expect(chat({ max_tokens }, small)).toMatchObject(ofChat);
    expect(chat({ max_completion_tokens: max_tokens }, small)).toMatchObject(ofChat);
    const maxTokens = isAll ? contextLength : 16;
    expect(complete({ max_tokens }, small)).toMatchObject({ params: { maxTokens }, asksForMaxTokens: false });
  });

  it('yield to what a client says', () => {
    const body = { temperature: 0, top_p: 1, top_k: 0, min_p: 0, repeat_penalty: 1, max_tokens: 5 };
    expect(chat(body, tuned).params.sampling).toMatchObject({
      temperature: 0,
      topP: 1,
      topK: 0,
      minP: 0,
      repetitionPenalty: 1,
    });
    expect(chat(body, tuned)).toMatchObject({ params: { maxTokens: 5 }, asksForMaxTokens: true });
  });
});

describe('other fields', () => {
  it('reach the engine', () => {
    const body = {
      stop_token_ids: [5, 6],
      skip_special_tokens: false,
      stream: true,
      stream_options: { every_token: true },
    };
    const reached = { stopTokenIds: [5, 6], skipsSpecialTokens: false, reportsEveryToken: true };
    expect(chat(body).params).toMatchObject(reached);
    const more = { include_stop_str_in_output: true, add_special_tokens: false };
    expect(complete({ ...body, ...more })).toMatchObject({
      params: { ...reached, includesStopString: true },
      input: { isRendered: true },
    });
  });

  it('that change nothing are taken: what vLLM, llama.cpp, LM Studio and OpenAI have', () => {
    const common = {
      user: 'u',
      store: false,
      metadata: { a: 'b' },
      service_tier: 'auto',
      cache_control: { type: 'ephemeral' },
      use_beam_search: false,
      length_penalty: 1.0,
      allowed_token_ids: null,
      bad_words: [],
      prompt_logprobs: null,
      priority: 0,
      spaces_between_special_tokens: true,
      cache_prompt: true,
      id_slot: -1,
      typical_p: 1.0,
      mirostat: 0,
      dry_multiplier: 0,
      dry_base: 1.75,
      xtc_probability: 0,
      xtc_threshold: 0.1,
      n_probs: 0,
      ttl: 300,
      draft_model: 'small',
    };
    const ofChat = {
      echo: false,
      best_of: 1,
      add_generation_prompt: true,
      continue_final_message: false,
      add_special_tokens: false,
      documents: null,
      chat_template: null,
      reasoning_format: 'auto',
      modalities: ['text'],
      verbosity: 'low',
      audio: null,
    };
    expect(chat({ ...common, ...ofChat })).toEqual(chat({}));
    expect(complete(common)).toEqual(complete({}));
  });
});
