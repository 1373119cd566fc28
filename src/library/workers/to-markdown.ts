import { AiInternalError, parseErrorBody } from './ai-errors.ts';
import { BINDING_URL, type BindingFetch } from './binding-fetch.ts';

const URL_OF_FILES = `${BINDING_URL}/to-everything/markdown`;

export interface MarkdownDocument {
  readonly name: string;
  readonly blob: Blob;
}

export interface MarkdownOptions {
  readonly extraHeaders?: Readonly<Record<string, string>>;
}

/** `ai.toMarkdown()`. */
export class ToMarkdown {
  readonly #fetch: BindingFetch;

  constructor(fetch: BindingFetch) {
    this.#fetch = fetch;
  }

  /** One result for one file, a list for a list. */
  async transform(
    files: MarkdownDocument | readonly MarkdownDocument[],
    options?: MarkdownOptions,
  ): Promise<unknown> {
    const isList = Array.isArray(files);
    const list = (isList ? files : [files]) as readonly MarkdownDocument[];
    const answer = await this.#fetch(`${URL_OF_FILES}/transformer`, {
      method: 'POST',
      body: JSON.stringify({ files: await Promise.all(list.map(sent)), options }),
      headers: { ...options?.extraHeaders, 'content-type': 'application/json' },
    });
    if (!answer.ok) {
      const body = parseErrorBody(await answer.text());
      throw new AiInternalError(body?.errors?.[0]?.message ?? 'Internal Error');
    }
    const { result } = (await answer.json()) as { result: readonly unknown[] };
    if (isList) return result;
    if (result[0] === undefined) throw new AiInternalError('Internal Error Converting files into Markdown');
    return result[0];
  }

  async supported(): Promise<unknown> {
    const answer = await this.#fetch(`${URL_OF_FILES}/supported`);
    return ((await answer.json()) as { result: unknown }).result;
  }
}

async function sent({ name, blob }: MarkdownDocument): Promise<object> {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  return { name, mimeType: blob.type, data: toBase64(bytes) };
}

/** Without Node's Buffer, which not every host has. */
function toBase64(bytes: Uint8Array): string {
  // So few that they are arguments of a call.
  const pieceBytes = 8192;
  let text = '';
  for (let start = 0; start < bytes.length; start += pieceBytes)
    text += String.fromCharCode(...bytes.subarray(start, start + pieceBytes));
  return btoa(text);
}
