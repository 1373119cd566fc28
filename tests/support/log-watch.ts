import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { pino, type Logger } from 'pino';

/**
 * No test may bring what it sends into a log. Services that tests start write their logs here, watch-logs.ts notes what
 * the test's process sends, and after each test none of the texts may be in a line.
 */

/** A shorter text may be a word of a log line by chance. */
const MIN_LENGTH = 12;
/** So much of a text's beginning is looked for: messages that quote cut long texts. */
const SHOWN_LENGTH = 24;
const JSON_STRING = /"((?:[^"\\]|\\.)*)"/g;

/** A model that is asked for by its name is one of the operator's, which the greeting has, too. */
const MODEL = /"model"\s*:\s*"(?:[^"\\]|\\.)*"/g;

/** Names of the operator's, and ids that are there to be found. */
const NAMES: ReadonlySet<string> = new Set(['model', 'key', 'requestId', 'request', 'batchId']);

const openApiDocument = readFileSync(fileURLToPath(new URL('../../openapi.yaml', import.meta.url)), 'utf8');
const sent = new Set<string>();
let newLines: string[] = [];

/** Notes the texts in what is sent: strings of JSON, field names among them, whether or not the whole is valid. */
export function noteSent(data: string): void {
  // The service's own words, which it sends as traces.
  if (data.startsWith('{"resourceSpans"')) return;
  for (const [literal, content = ''] of data.replaceAll(MODEL, '').matchAll(JSON_STRING)) {
    if (content.length < MIN_LENGTH) continue;
    const text = parseString(literal).slice(0, SHOWN_LENGTH);
    if (text.length >= MIN_LENGTH && !isWordOfTheApi(text)) sent.add(text);
  }
}

/** A field of the API, or a value such as `invalid_request`. */
const isWordOfTheApi = (text: string): boolean => /^[\w./-]+$/.test(text) && openApiDocument.includes(text);

/** A line of a log, or what a service and its children write to standard error. */
export function watchLine(line: string): void {
  newLines.push(line);
}

/** A log that is watched; each line is also given to `onLine`. */
export function watchedLogger(level: string, onLine: (line: string) => void = () => undefined): Logger {
  const write = (line: string): void => {
    watchLine(line);
    onLine(line);
  };
  return pino({ level }, { write });
}

/** Throws for a text that was sent and is in a line that came since the last call. */
export function checkLogs(): void {
  const lines = newLines.flatMap((chunk) => chunk.split('\n')).map(textsOf);
  newLines = [];
  const all = lines.join('\n');
  for (const text of sent) {
    if (!all.includes(text)) continue;
    const line = lines.find((one) => one.includes(text)) ?? text;
    throw new Error(`a log has what a client sent, ${JSON.stringify(text)}: ${line.slice(0, 1000)}`);
  }
}

/** The texts of a test file whose tests are over. */
export function forgetTexts(): void {
  sent.clear();
}

/** All strings of a line but names. */
function textsOf(line: string): string {
  try {
    const texts: string[] = [];
    JSON.parse(line, (name, value: unknown) => {
      if (typeof value === 'string' && !NAMES.has(name)) texts.push(value);
      return value;
    });
    return texts.join(' ');
  } catch {
    return line;
  }
}

function parseString(literal: string): string {
  try {
    return String(JSON.parse(literal));
  } catch {
    return literal.slice(1, -1);
  }
}
