import { Environment, parse, tokenize } from '@huggingface/jinja';
import type { ChatMessage, ChatTextPart, TemplateInput } from './chat-message.ts';
import { withComparisonChains } from './comparison-chains.ts';
import { formatDate, STRIP_GLOBALS, withStripArguments } from './filters.ts';
import { toLibrarySource } from './library-source.ts';
import { methodCallsOf } from './method-calls.ts';
import { PythonInterpreter } from './python-interpreter.ts';
import { functionValue, toMapping } from './python-values.ts';
import { withTestArguments } from './test-arguments.ts';
import { withoutTrailingCommas } from './trailing-commas.ts';
import { cutAtMark, withMark } from './open-message.ts';
import { type HistoryForm, probeHistoryForm, toHistoryForm } from './history.ts';
import { EngineError } from '../errors.ts';
import { clip } from '../values.ts';

export type { ChatMessage, ChatTextPart, TemplateInput, TemplateTool } from './chat-message.ts';

export interface ChatTemplateSource {
  /** Jinja. */
  template: string;
  /** `bos_token`, `eos_token` and their kin, by name. */
  specialTokens: Readonly<Record<string, string>>;
}

/** Of jinja2's sandbox, in which transformers renders. */
const MAX_RANGE = 100_000;
/** Longer than any context holds; a template that writes without end should not fill the memory of its reader. */
const MAX_CHARACTERS = 2 ** 25;
/** A text that no template writes by itself. */
const MARK = 'tokenflare reads this';

type ContentForm = 'text' | 'parts' | 'both';

/**
 * A chat template and all that transformers gives one: messages, tools, special tokens, `add_generation_prompt`,
 * `raise_exception`, `strftime_now`, `tojson`. It may run as long as it likes: see ChatTemplate.
 */
export class ChatTemplateRenderer {
  /** The template's text, as its model has it. */
  readonly source: string;
  readonly #program: ReturnType<typeof parse>;
  readonly #specialTokens: ChatTemplateSource['specialTokens'];
  readonly #contentForm: ContentForm;
  /** Why not even one plain message can be rendered. */
  readonly #defect: unknown;
  /** Found with the first conversation that holds calls. */
  #historyForm: HistoryForm | undefined;

  /** @throws EngineError `weights_invalid` for a text that is no Jinja */
  constructor({ template, specialTokens }: ChatTemplateSource) {
    this.source = template;
    this.#specialTokens = specialTokens;
    try {
      const tokens = tokenize(toLibrarySource(template), { lstrip_blocks: true, trim_blocks: true });
      const inPython = withComparisonChains(withTestArguments(withoutTrailingCommas(tokens)));
      this.#program = withMappingMethods(withStripArguments(parse(inPython)));
    } catch (cause) {
      throw templateError('is not valid Jinja', cause);
    }
    const text = this.#probe(MARK);
    const parts = this.#probe([{ type: 'text', text: MARK }]);
    this.#contentForm = parts.isRead ? (text.isRead ? 'both' : 'parts') : 'text';
    this.#defect = parts.isRead ? undefined : text.defect;
  }

  /**
   * The text that a conversation becomes, up to where the assistant's answer begins, or goes on.
   *
   * @throws EngineError `invalid_request` where the template refuses the messages, `weights_invalid` where it fails on
   * any
   */
  render(input: TemplateInput, now: Date): string {
    let text: string;
    try {
      text = input.continuesFinal === true ? this.#renderOpen(input, now) : this.#renderClosed(input, now);
    } catch (cause) {
      if (cause instanceof EngineError) throw cause;
      if (this.#defect !== undefined) throw templateError('cannot be rendered', this.#defect);
      throw new EngineError(
        'invalid_request',
        `the model's chat template fails on these messages: ${reasonOf(cause)}`,
        { param: 'messages', cause },
      );
    }
    if (text.length <= MAX_CHARACTERS) return text;
    throw new EngineError(
      'weights_invalid',
      `the model's chat template wrote ${text.length} characters, at most ${MAX_CHARACTERS} are taken`,
    );
  }

  /**
   * Renders a question of ours, to see what the template makes of it; undefined where it makes nothing. Turns stay as
   * they are: whether a template takes several calls in one is among the questions.
   */
  tryRender(input: TemplateInput, now = new Date()): string | undefined {
    try {
      return this.#run(this.#inForm(input), now);
    } catch {
      return undefined;
    }
  }

  #renderClosed(input: TemplateInput, now: Date): string {
    return this.#run(this.#inForm(this.#inTurns(input)), now);
  }

  #renderOpen({ messages, ...input }: TemplateInput, now: Date): string {
    const text = this.#renderClosed({ ...input, messages: withMark(messages) }, now);
    const open = cutAtMark(text, messages);
    if (open !== undefined) return open;
    throw new EngineError(
      'invalid_request',
      "the model's chat template does not end a conversation with its last message, so that cannot be continued",
      { param: 'messages' },
    );
  }

  #inTurns(input: TemplateInput): TemplateInput {
    const isSplit = this.#formOf(input)?.takesOneCall === true;
    return isSplit ? { ...input, messages: toOneCallTurns(input.messages) } : input;
  }

  #inForm(input: TemplateInput): TemplateInput {
    const form = this.#formOf(input);
    const fitted = form === undefined ? input.messages : toHistoryForm(input.messages, form);
    return { ...input, messages: fitted.map((message) => this.#toForm(message)) };
  }

  /** Undefined for a conversation without calls. */
  #formOf({ messages }: TemplateInput): HistoryForm | undefined {
    const holdsCalls = messages.some(({ tool_calls: calls, role }) => calls !== undefined || role === 'tool');
    if (!holdsCalls) return undefined;
    return (this.#historyForm ??= probeHistoryForm((probe) => this.#tryRun(probe)));
  }

  #tryRun(messages: readonly ChatMessage[]): string | undefined {
    try {
      return this.#run({ messages: messages.map((message) => this.#toForm(message)) }, new Date());
    } catch {
      return undefined;
    }
  }

  #run(
    { messages, tools = [], templateArguments = {}, continuesFinal = false }: TemplateInput,
    now: Date,
  ): string {
    const environment = new Environment(BUILT_IN);
    const globals = {
      documents: null,
      ...templateArguments,
      ...CONSTANTS,
      ...STRIP_GLOBALS,
      ...this.#specialTokens,
      messages,
      tools: tools.length === 0 ? null : tools,
      add_generation_prompt: !continuesFinal,
      range,
      raise_exception: refuse,
      strftime_now: (format: string) => formatDate(now, format),
    };
    for (const [name, value] of Object.entries(globals)) environment.set(name, value);
    return new PythonInterpreter(environment).run(this.#program).value;
  }

  /** Templates differ in whether they read content as text, as a list of parts, or either. */
  #probe(content: string | ChatTextPart[]): { isRead: boolean; defect?: unknown } {
    try {
      const text = this.#run({ messages: [{ role: 'user', content }] }, new Date());
      // A list that is printed as it is, or added to a text, is not read.
      return { isRead: text.includes(MARK) && !/(["'])type\1: \1text\1/.test(text) };
    } catch (error) {
      // A template that refuses a message by name works.
      return error instanceof EngineError && error.code === 'invalid_request'
        ? { isRead: false }
        : { isRead: false, defect: error };
    }
  }

  #toForm(given: ChatMessage): ChatMessage {
    const { content, reasoning_content: reasoning } = given;
    // The older name of a model's reasoning, which transformers gives beside the newer.
    const message = reasoning === undefined ? given : { thinking: reasoning, ...given };
    if (typeof content === 'string' && this.#contentForm === 'parts') {
      return { ...message, content: [{ type: 'text', text: content }] };
    }
    if (Array.isArray(content) && this.#contentForm === 'text') {
      const parts: readonly ChatTextPart[] = content;
      return { ...message, content: parts.map(({ text }) => text).join('\n') };
    }
    return message;
  }
}

/** What a template has without being given it. */
const BUILT_IN = new Environment();
BUILT_IN.setVariable('dict', functionValue(toMapping));

const CONSTANTS = { true: true, false: false, none: null, True: true, False: false, None: null };

function refuse(message: unknown): never {
  throw new EngineError(
    'invalid_request',
    `the model's chat template refuses these messages: ${clip(String(message))}`,
    { param: 'messages' },
  );
}

/** Python's; a list, as the library has it. */
function range(start: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, start] : [start, stop];
  const length = Math.max(Math.ceil((to - from) / step), 0);
  if (!(length <= MAX_RANGE)) {
    throw new EngineError(
      'weights_invalid',
      `the model's chat template asks for a range of ${length} numbers; at most ${MAX_RANGE} are given`,
    );
  }
  return Array.from({ length }, (_, i) => from + i * step);
}

const templateError = (what: string, cause: unknown): EngineError =>
  new EngineError('weights_invalid', `the model's chat template ${what}: ${reasonOf(cause)}`, { cause });

/** It may quote the messages. */
const reasonOf = (cause: unknown): string => clip(cause instanceof Error ? cause.message : String(cause));

const METHODS: ReadonlySet<unknown> = new Set(['items', 'keys', 'values']);

/**
 * In the library (0.5) a key hides a mapping's method of the same name: `schema.items()` fails where a JSON Schema has
 * `items`, and `arguments.items()` where a call has an argument of that name. In Python the method comes first. The
 * library's filters of these names look at no key: this turns such calls of a parsed program into filters, in place.
 */
function withMappingMethods<T extends object>(program: T): T {
  for (const { node, object, name, args } of methodCallsOf(program)) {
    if (args.length > 0 || !METHODS.has(name)) continue;
    node['type'] = 'FilterExpression';
    node['operand'] = object;
    node['filter'] = { type: 'Identifier', value: name };
  }
  return program;
}

/**
 * Rewrites a conversation for a template that refuses more than one call in a turn, as Llama's do: a turn for each call,
 * with its result behind it. The model may have written several all the same, and the conversation is to go on.
 */
function toOneCallTurns(messages: readonly ChatMessage[]): ChatMessage[] {
  const turns: ChatMessage[] = [];
  for (let index = 0; index < messages.length; index++) {
    const message = messages[index];
    if (message === undefined) break;
    const calls: unknown = message['tool_calls'];
    if (!Array.isArray(calls) || calls.length < 2) {
      turns.push(message);
      continue;
    }
    const end = messages.findIndex(({ role }, at) => at > index && role !== 'tool');
    const results = messages.slice(index + 1, end === -1 ? messages.length : end);
    turns.push(...splitTurn(message, calls, results));
    index += results.length;
  }
  return turns;
}

function splitTurn(
  message: ChatMessage,
  calls: readonly unknown[],
  results: readonly ChatMessage[],
): ChatMessage[] {
  const open = [...results];
  const split = calls.flatMap((call, callIndex): ChatMessage[] => {
    // What was said and thought came before the first call.
    const turn: ChatMessage = callIndex === 0 ? message : { role: message.role, content: '' };
    // A result that names no call is that of the next one.
    const at = open.findIndex(({ tool_call_id: id }) => id === undefined || id === idOf(call));
    return [{ ...turn, tool_calls: [call] }, ...(at === -1 ? [] : open.splice(at, 1))];
  });
  return [...split, ...open];
}

const idOf = (call: unknown): unknown =>
  typeof call === 'object' && call !== null && 'id' in call ? call.id : undefined;
