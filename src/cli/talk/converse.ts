import { EngineError } from '../../errors.ts';
import { printableText, say } from '../terminal.ts';
import type { AnsweringService } from './open-service.ts';
import type { Conversation } from './conversation.ts';
import { LineReader, CHAT_COMMANDS, parseLine, QUOTES } from './read-input.ts';
import { streamChat, type SamplingFields } from './stream-answer.ts';

const PROMPT = '> ';
const PROMPT_WITHIN = '. ';
const DIM = '\u001b[2m';
const NORMAL = '\u001b[22m';

export interface ChatOptions {
  readonly service: AnsweringService;
  readonly conversation: Conversation;
  readonly sampling: SamplingFields;
}

/**
 * A conversation with a person at a terminal, until that person leaves: by Ctrl-D, by /exit, or by Ctrl-C where there is
 * nothing that it could stop.
 */
export async function converse(options: ChatOptions): Promise<void> {
  const { conversation } = options;
  const lines = new LineReader(process.stdout.isTTY ? process.stdout : process.stderr);
  // Whether Ctrl-C leaves: it did before what it can do.
  let leavesNext = false;
  for (;;) {
    const text = await readText(lines);
    if (text === 'end') return;
    if (text === 'interrupt') {
      if (leavesNext) return;
      leavesNext = true;
      say('Ctrl-C again or Ctrl-D leaves');
      continue;
    }
    leavesNext = false;
    const input = parseLine(text.said);
    switch (input.kind) {
      case 'nothing':
        break;
      case 'say':
        leavesNext = await answer(options, input.text);
        break;
      case 'help':
        tellHelp();
        break;
      case 'reset':
        conversation.reset();
        say('the conversation is forgotten');
        break;
      case 'retry': {
        const question = conversation.takeBack();
        if (question === undefined) say('there is no question to ask again');
        else leavesNext = await answer(options, question);
        break;
      }
      case 'system':
        setSystem(conversation, input.text);
        break;
      case 'unknown':
        say(`there is no ${input.name}; /help says what there is, and // begins a text with a slash`);
        break;
      case 'leave':
        return;
    }
  }
}

type ReadText = 'end' | 'interrupt' | { readonly said: string };

/** A line, or all lines between two `"""`. Ctrl-C throws away what was typed. */
async function readText(lines: LineReader): Promise<ReadText> {
  const first = await lines.read(PROMPT);
  if (first.kind === 'end') return 'end';
  if (first.kind === 'interrupt') return first.wasEmpty ? 'interrupt' : { said: '' };
  if (!first.text.startsWith(QUOTES)) return { said: first.text };
  const parts = [first.text.slice(QUOTES.length)];
  while (!isClosed(parts)) {
    const next = await lines.read(PROMPT_WITHIN);
    if (next.kind === 'end') return 'end';
    if (next.kind === 'interrupt') return { said: '' };
    parts.push(next.text);
  }
  const said = parts.join('\n').trimEnd().slice(0, -QUOTES.length).trim();
  return { said: said.startsWith('/') ? `/${said}` : said };
}

const isClosed = (parts: readonly string[]): boolean => parts.at(-1)?.trimEnd().endsWith(QUOTES) === true;

/**
 * Writes the answer to a question as it comes; Ctrl-C stops it.
 * @returns whether it was stopped
 */
async function answer(options: ChatOptions, question: string): Promise<boolean> {
  const { service, conversation, sampling } = options;
  const stop = new AbortController();
  const onInterrupt = (): void => stop.abort();
  process.on('SIGINT', onInterrupt);
  const writer = new AnswerWriter();
  try {
    for await (const { kind, text } of streamChat(
      service,
      conversation.asking(question),
      sampling,
      stop.signal,
    ))
      writer.write(kind, text);
  } catch (error) {
    if (!stop.signal.aborted) {
      writer.end();
      if (!(error instanceof EngineError)) throw error;
      say(`tokenflare: ${error.message}`);
      return false;
    }
  } finally {
    process.off('SIGINT', onInterrupt);
  }
  writer.end();
  if (stop.signal.aborted) say('(stopped)');
  if (writer.text !== '') conversation.answered(question, writer.text);
  return stop.signal.aborted;
}

/** Writes the pieces of an answer to the terminal, its reasoning dimmed. */
class AnswerWriter {
  /** Of the answer, without its reasoning. */
  text = '';
  #kind: 'reasoning' | 'text' | undefined;
  readonly #hasStyle = process.stdout.isTTY && !process.env['NO_COLOR'];

  write(kind: 'reasoning' | 'text', piece: string): void {
    if (kind !== this.#kind) {
      if (this.#kind !== undefined) process.stdout.write(`${this.#hasStyle ? NORMAL : ''}\n`);
      if (kind === 'reasoning' && this.#hasStyle) process.stdout.write(DIM);
      this.#kind = kind;
    }
    if (kind === 'text') this.text += piece;
    process.stdout.write(printableText(piece));
  }

  end(): void {
    process.stdout.write(`${this.#kind === 'reasoning' && this.#hasStyle ? NORMAL : ''}\n`);
  }
}

function setSystem(conversation: Conversation, text: string): void {
  if (text === '') {
    say(conversation.system ?? 'there is no system message');
    return;
  }
  conversation.system = text === 'none' ? undefined : text;
  say(text === 'none' ? 'the system message is removed' : 'the system message is set');
}

function tellHelp(): void {
  const width = Math.max(...CHAT_COMMANDS.map(([usage]) => usage.length));
  for (const [usage, meaning] of CHAT_COMMANDS) say(`  ${usage.padEnd(width)}  ${meaning}`);
  say(`  ${QUOTES.padEnd(width)}  begins and ends a text of several lines`);
  say(`  ${'Ctrl-C'.padEnd(width)}  stops an answer; where none comes, twice leaves`);
}
