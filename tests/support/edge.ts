import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import { beforeAll, beforeEach, onTestFinished } from 'vitest';
import { startHttpService, type HttpService } from './http-service.ts';
import { checkAgainstOpenApi } from './openapi-validator.ts';
import { ScriptedEngine } from './scripted-engine.ts';

export interface SendOptions {
  headers?: Record<string, string>;
  body?: unknown;
  /** Address of this machine that the call comes from. */
  from?: string;
}

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  json: unknown;
}

/** By node:http, since fetch sets the headers itself that this is about. Every answer is held against openapi.yaml. */
export async function send(
  { url }: HttpService,
  method: string,
  path: string,
  { headers = {}, body, from }: SendOptions = {},
): Promise<Answer> {
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  const outgoing = request(url + path, { method, headers: { ...type, ...headers }, localAddress: from });
  outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const received = await text(response);
  const { statusCode: status = 0 } = response;
  const contentType = response.headers['content-type'] ?? '';
  if (method !== 'OPTIONS') checkAgainstOpenApi({ method, path, status, contentType, body: received });
  const json: unknown = contentType.startsWith('application/json') ? JSON.parse(received) : undefined;
  return { status, headers: response.headers, text: received, json };
}

/** A scripted engine, and services over it. */
export class Edge {
  #engine: ScriptedEngine | undefined;

  get engine(): ScriptedEngine {
    if (this.#engine === undefined) throw new Error('the engine is there while tests run');
    return this.#engine;
  }

  async open(): Promise<void> {
    this.#engine = await ScriptedEngine.create();
  }

  /** A service for the length of the test. */
  async start(config: Parameters<typeof startHttpService>[1] = {}): Promise<HttpService> {
    const service = await startHttpService(this.engine, config);
    onTestFinished(() => service.close());
    return service;
  }
}

/** For a test file: the engine is reset before each test. */
export function useEdge(): Edge {
  const on = new Edge();
  beforeAll(() => on.open());
  beforeEach(() => on.engine.reset());
  return on;
}
