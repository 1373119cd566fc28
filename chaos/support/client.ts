import { Agent, request, type ClientRequest, type IncomingMessage } from 'node:http';
import { readSse } from '../../src/client/read-sse.ts';
import { messageOf } from '../../src/values.ts';

/** What came back. `status` 0: no answer at all, `error` says why. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  text: string;
  error?: string;
  ms: number;
}

export interface CallOptions {
  /** An object is sent as JSON, a string or bytes as they are. */
  body?: unknown;
  headers?: Record<string, string>;
  /** After which the call is given up with status 0. */
  limitMs?: number;
  /** Hangs up so long after the request was sent. */
  hangUpAfterMs?: number;
  /** Hangs up when it is aborted. */
  signal?: AbortSignal;
}

/** How a stream ended. */
export interface StreamEnd {
  status: number;
  text: string;
  /** `[DONE]` came. */
  isWhole: boolean;
  /** The code of its error frame, or of the answer that is no stream. */
  errorCode?: string;
  /** The connection broke. */
  error?: string;
  firstTokenMs: number | undefined;
  /** By the clock of the call. */
  longestGapMs: number;
}

const DEFAULT_LIMIT_MS = 60_000;

/** A client of the service with an address of its own. It never throws: a fault is an answer, too. */
export class Client {
  readonly url: string;
  readonly #address: string;
  readonly #headers: Record<string, string>;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: Infinity });

  /** `address`: the source address, any of 127.0.0.0/8. */
  constructor(url: string, address = '127.0.0.1', headers: Record<string, string> = {}) {
    this.url = url;
    this.#address = address;
    this.#headers = headers;
  }

  /** Closes its idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  get = (path: string, options: CallOptions = {}): Promise<Answer> => this.call('GET', path, options);

  post = (path: string, body: unknown, options: CallOptions = {}): Promise<Answer> =>
    this.call('POST', path, { ...options, body });

  async call(method: string, path: string, options: CallOptions = {}): Promise<Answer> {
    const startedAt = performance.now();
    const answer: Answer = { status: 0, headers: {}, text: '', ms: 0 };
    try {
      const { response } = await this.#send(method, path, options);
      answer.headers = headersOf(response);
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      answer.text = Buffer.concat(chunks).toString('utf8');
      answer.status = response.statusCode ?? 0;
    } catch (error) {
      answer.error = messageOf(error);
    }
    answer.ms = performance.now() - startedAt;
    return answer;
  }

  /** A completion as a stream, read to its end. `onText` sees each piece. */
  async stream(
    path: string,
    body: object,
    options: CallOptions & { onText?: (text: string) => void; clock?: () => number } = {},
  ): Promise<StreamEnd> {
    const { clock = () => performance.now() } = options;
    const startedAt = clock();
    const end: StreamEnd = { status: 0, text: '', isWhole: false, firstTokenMs: undefined, longestGapMs: 0 };
    try {
      const { response } = await this.#send('POST', path, { ...options, body: { ...body, stream: true } });
      end.status = response.statusCode ?? 0;
      if (end.status !== 200) {
        end.errorCode = codeOf(await textOf(response));
        return end;
      }
      let lastAt = startedAt;
      for await (const { data } of readSse(response)) {
        const now = clock();
        end.firstTokenMs ??= now - startedAt;
        end.longestGapMs = Math.max(end.longestGapMs, now - lastAt);
        lastAt = now;
        if (data === '[DONE]') end.isWhole = true;
        else readChunk(data, end, options.onText);
      }
    } catch (error) {
      end.error = messageOf(error);
    }
    return end;
  }

  async #send(
    method: string,
    path: string,
    { body, headers = {}, limitMs = DEFAULT_LIMIT_MS, hangUpAfterMs, signal }: CallOptions,
  ): Promise<{ response: IncomingMessage; outgoing: ClientRequest }> {
    const limit = AbortSignal.timeout(Math.min(limitMs, hangUpAfterMs ?? Infinity));
    const payload = body === undefined ? undefined : toPayload(body);
    const outgoing = request(this.url + path, {
      method,
      agent: this.#agent,
      localAddress: this.#address,
      // A path may hold what URL would mend.
      path,
      signal: signal === undefined ? limit : AbortSignal.any([signal, limit]),
      headers: {
        ...(payload === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': payload.length }),
        ...this.#headers,
        ...headers,
      },
    });
    return new Promise((resolve, reject) => {
      outgoing.once('response', (response) => resolve({ response, outgoing }));
      outgoing.on('error', reject);
      // An answer may be there before the body is sent: what is written then fails behind the request's back.
      outgoing.once('socket', (socket) => {
        if (!socket.listeners('error').includes(ignore)) socket.on('error', ignore);
      });
      outgoing.end(payload);
    });
  }
}

const ignore = (): void => undefined;

function toPayload(body: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

interface Chunk {
  choices?: { text?: string; delta?: { content?: string } }[];
  error?: { code?: string };
}

function readChunk(data: string, end: StreamEnd, onText?: (text: string) => void): void {
  const chunk = JSON.parse(data) as Chunk;
  if (chunk.error !== undefined) end.errorCode = chunk.error.code ?? 'unknown';
  const text = (chunk.choices ?? []).map((choice) => choice.text ?? choice.delta?.content ?? '').join('');
  end.text += text;
  onText?.(text);
}

/** The code of an error in OpenAI's envelope, or what else came, shortened. */
export function codeOf(text: string): string {
  try {
    return (JSON.parse(text) as { error?: { code?: string } }).error?.code ?? text.slice(0, 100);
  } catch {
    return text.slice(0, 100);
  }
}
