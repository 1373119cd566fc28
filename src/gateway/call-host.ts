import { lookup } from 'node:dns';
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { BlockList, isIPv6, type LookupFunction } from 'node:net';
import { EngineError, abortError } from '../errors.ts';
import { isLoopbackName } from './providers.ts';

export interface HostCall {
  readonly url: URL;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  /** Ends the call, and the answer while it is read. */
  readonly signal: AbortSignal;
}

export interface HostAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ReadableStream<Uint8Array>;
}

/** Of an answer; a longer one breaks off. */
const MAX_ANSWER_BYTES = 64 * 2 ** 20;

/** Addresses that no name may lead to: of this machine, of its networks, and those without a host. */
const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv4');
}
for (const [network, prefix] of [
  ['::', 96],
  ['64:ff9b::', 96],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
] as const) {
  PRIVATE.addSubnet(network, prefix, 'ipv6');
}

/** An address of IPv4 within IPv6 counts as what it is: Node's list knows them. */
export const isPrivate = (address: string): boolean =>
  PRIVATE.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');

/** What a name stands for, if all of it is public: a name that the operator allows may still lead into a private network. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error !== null) {
      callback(error, []);
      return;
    }
    const [first] = addresses;
    if (first === undefined) callback(new Error(`${hostname} has no address`), []);
    else if (addresses.some(({ address }) => isPrivate(address))) {
      callback(new Error(`${hostname} leads to a private address`), []);
    } else if (options.all === true) callback(null, addresses);
    else callback(null, first.address, first.family);
  });
};

/** Of a request: they belong to a connection, to this service, or to what is between the client and it. */
const NOT_SENT =
  /^(?:host|connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|expect|content-length|content-encoding|accept-encoding|cookie|origin|referer|sec-.*|forwarded|via|x-forwarded-.*|x-real-ip|cf-.*|x-auth-key|x-auth-email|x-request-id|x-stream-resumable|http2-settings)$/;
/** Of an answer. */
const TOLD =
  /^(?:content-type|retry-after(?:-ms)?|x-should-retry|x-ratelimit-.*|anthropic-ratelimit-.*|openai-(?:model|version|processing-ms))$/;

/** The headers of a client that its provider gets. */
export const headersForHost = (headers: HostCall['headers']): [string, string][] =>
  headers.flatMap(([name, value]) => (NOT_SENT.test(name) ? [] : [[name, value] as [string, string]]));

/**
 * Asks a provider on another machine. No redirect is followed, and no name may lead to a private address.
 *
 * @throws EngineError `provider_unreachable`; what the signal was aborted with
 */
export async function callHost(call: HostCall): Promise<HostAnswer> {
  const { url } = call;
  const message = await send(call);
  const { statusCode: status = 0 } = message;
  if (status < 200 || (status >= 300 && status < 400)) {
    message.destroy();
    throw unreachable(url, `it answered with status ${status}, and no redirect is followed`);
  }
  return { status, headers: toldHeaders(message), body: toStream(url, message) };
}

function send({ url, headers, body, signal }: HostCall): Promise<IncomingMessage> {
  const isHere = isLoopbackName(url.hostname);
  const request = url.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method: 'POST',
      signal,
      headers: {
        ...Object.fromEntries(headers),
        'accept-encoding': 'identity',
        'content-length': Buffer.byteLength(body),
      },
      // A connection of its own: none is kept that an answer has left in an unknown state.
      agent: false,
      ...(isHere ? {} : { lookup: publicLookup }),
    });
    outgoing.once('response', resolve);
    outgoing.on('error', (cause) => {
      reject(signal.aborted ? abortError(signal) : unreachable(url, cause.message, cause));
    });
    outgoing.end(body);
  });
}

const unreachable = (url: URL, reason: string, cause?: unknown): EngineError =>
  new EngineError('provider_unreachable', `${url.host} gave no answer: ${reason}`, { cause });

function toldHeaders({ headers }: IncomingMessage): Record<string, string> {
  const told = Object.entries(headers).filter(
    ([name, value]) => TOLD.test(name) && typeof value === 'string',
  );
  return Object.fromEntries(told) as Record<string, string>;
}

/** Pieces as the reader takes them. */
function toStream(url: URL, message: IncomingMessage): ReadableStream<Uint8Array> {
  const pieces = message[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let numBytes = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await pieces.next();
        if (next.done === true) {
          controller.close();
          return;
        }
        numBytes += next.value.byteLength;
        if (numBytes > MAX_ANSWER_BYTES) {
          message.destroy();
          throw unreachable(url, `it answered with more than ${MAX_ANSWER_BYTES} bytes`);
        }
        controller.enqueue(next.value);
      },
      cancel() {
        message.destroy();
      },
    },
    { highWaterMark: 0 },
  );
}
