import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { createInterface } from 'node:readline';

/** What texts that people or machines wrote are cut to: about what a model writes in 200 tokens. */
const MAX_CHARS = 800;

interface Document {
  readonly text?: string;
  readonly messages?: readonly { role: string; content: string }[];
}

/**
 * Texts to be judged beside a model's: of documents the first ones, of a book pieces that lie evenly over it and begin
 * with a paragraph.
 */
export async function readTexts(file: string, numTexts: number): Promise<string[]> {
  if (extname(file) !== '.jsonl') return piecesOf(await readFile(file, 'utf8'), numTexts);
  const texts: string[] = [];
  for await (const text of storiesIn(file)) {
    texts.push(atSentence(text));
    if (texts.length === numTexts) break;
  }
  return texts;
}

/** The texts of a corpus, and the answers in its conversations. */
export async function* storiesIn(file: string): AsyncGenerator<string> {
  const lines = createInterface({ input: createReadStream(file), crlfDelay: Infinity });
  for await (const line of lines) {
    const { text, messages = [] } = JSON.parse(line) as Document;
    if (text !== undefined) yield text;
    for (const { role, content } of messages) if (role === 'assistant' && isStory(content)) yield content;
  }
}

/** Answers to follow-ups are a sentence or two. */
const isStory = (text: string): boolean => text.length >= 300;

function piecesOf(book: string, numTexts: number): string[] {
  const paragraphs = book.split(/\n\s*\n/);
  const step = paragraphs.length / numTexts;
  return Array.from({ length: numTexts }, (_, i) =>
    atSentence(
      paragraphs
        .slice(Math.floor(i * step))
        .slice(0, 20)
        .join('\n\n'),
    ),
  );
}

/** Up to the last sentence that ends within the bound. */
function atSentence(text: string): string {
  if (text.length <= MAX_CHARS) return text;
  const piece = text.slice(0, MAX_CHARS);
  const end = piece.search(/[.!?]["”’]?\s[^.!?]*$/);
  return end < 0 ? piece : piece.slice(0, end + 2).trimEnd();
}
