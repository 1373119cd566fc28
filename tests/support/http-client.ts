import request from 'supertest';
import { expect } from 'vitest';
import type { HttpService } from './http-service.ts';
import { checkAgainstOpenApi, sseData } from './openapi-validator.ts';

export interface Answer {
  status: number;
  headers: Record<string, string>;
  text: string;
  /** The body parsed, where it is JSON. */
  json: unknown;
}

export interface CallOptions {
  /** An object is sent as JSON; a string as it is. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** One request over the service's socket. Every answer is checked against openapi.yaml. */
export async function call(
  service: HttpService,
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  { body, headers = {} }: CallOptions = {},
): Promise<Answer> {
  const builder = {
    GET: () => request(service.server).get(path),
    POST: () => request(service.server).post(path),
    PUT: () => request(service.server).put(path),
    PATCH: () => request(service.server).patch(path),
    DELETE: () => request(service.server).delete(path),
  };
  const pending = builder[method]().responseType('blob').set(headers);
  if (body !== undefined) {
    if (headers['content-type'] === undefined) pending.set('content-type', 'application/json');
    pending.send(typeof body === 'string' ? body : JSON.stringify(body));
  }
  const response = await pending;
  const text = (response.body as Buffer).toString('utf8');
  const contentType = String(response.headers['content-type']);
  checkAgainstOpenApi({
    method,
    path: path.split('?')[0] ?? '',
    status: response.status,
    contentType,
    body: text,
  });
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: contentType.startsWith('application/json') ? (JSON.parse(text) as unknown) : undefined,
  };
}

/** The body of a POST that is answered with 200. */
export async function postOk<Body>(service: HttpService, path: string, body: object): Promise<Body> {
  const answer = await post(service, path, body);
  expect(answer.status, answer.text).toBe(200);
  return answer.json as Body;
}

export interface StreamedAnswer<Event> {
  /** As it came. */
  text: string;
  events: Event[];
}

/** What a POST streams that is answered with 200. */
export async function postStream<Event>(
  service: HttpService,
  path: string,
  body: object,
): Promise<StreamedAnswer<Event>> {
  const { status, text } = await post(service, path, { ...body, stream: true });
  expect(status, text).toBe(200);
  return { text, events: sseData(text) as Event[] };
}

/** A POST of JSON. */
export const post = (service: HttpService, path: string, body: unknown): Promise<Answer> =>
  call(service, 'POST', path, { body });
