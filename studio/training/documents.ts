import { EngineError } from '../../src/errors.ts';
import { fieldOf, isRecord, messageOf } from '../../src/values.ts';

export const ROLES = ['user', 'assistant'] as const;
export type Role = (typeof ROLES)[number];

export interface Turn {
  readonly role: Role;
  readonly content: string;
}

/** The user has the first turn and the assistant the last; they take turns. */
export type Conversation = readonly Turn[];

/** What stands by itself in a corpus: a text, or a conversation. */
export type Document = string | Conversation;

export function isConversation(document: Document): document is Conversation {
  return typeof document !== 'string';
}

/** What a document says, without the marks of its turns. */
export function textsOf(document: Document): readonly string[] {
  return isConversation(document) ? document.map(({ content }) => content) : [document];
}

/**
 * The documents of a `.jsonl` file, one a line: `{"text": …}` or `{"messages": [{"role": …, "content": …}, …]}`. Texts
 * lose white space at their ends. Further fields are not read, and empty lines hold nothing.
 * @throws EngineError `config_invalid` naming file and line
 */
export function parseDocuments(path: string, content: string): Document[] {
  const documents = content.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const document = parseDocument(line);
    if (document instanceof BadLine) throw invalid(`${path}, line ${index + 1}: ${document.reason}`);
    return [document];
  });
  if (documents.length === 0) throw invalid(`${path} holds no document`);
  return documents;
}

/** Why a line is no document. */
class BadLine {
  readonly reason: string;
  constructor(reason: string) {
    this.reason = reason;
  }
}

function parseDocument(line: string): Document | BadLine {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch (cause) {
    return new BadLine(`not JSON: ${messageOf(cause)}`);
  }
  if (!isRecord(json) || ('text' in json && 'messages' in json)) return new BadLine(WANTED);
  const { text, messages } = json;
  if (Array.isArray(messages)) return parseConversation(messages);
  if (typeof text !== 'string') return new BadLine(WANTED);
  return text.trim() === '' ? new BadLine('the text is empty') : text.trim();
}

const WANTED = 'a document is an object with a "text", or with a list of "messages"';

function parseConversation(messages: readonly unknown[]): Document | BadLine {
  const turns: Turn[] = [];
  for (const [index, message] of messages.entries()) {
    const role = ROLES[index % ROLES.length];
    const content = fieldOf(message, 'content');
    if (role === undefined || fieldOf(message, 'role') !== role) {
      return new BadLine(`message ${index + 1} must be of the role "${role}"`);
    }
    if (typeof content !== 'string' || content.trim() === '') {
      return new BadLine(`message ${index + 1} has no text as its "content"`);
    }
    turns.push({ role, content: content.trim() });
  }
  if (turns.length === 0 || turns.length % ROLES.length !== 0) {
    return new BadLine('the last message must be of the role "assistant"');
  }
  return turns;
}

function invalid(message: string): EngineError {
  return new EngineError('config_invalid', message);
}
