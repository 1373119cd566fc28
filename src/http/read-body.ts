import type { IncomingMessage } from 'node:http';
import type { AppContext } from './app-env.ts';
import { GrowingBuffer } from './growing-buffer.ts';

/**
 * The bytes of a request's body in one buffer, or `too-large` as soon as there are more than `limitBytes`: what comes
 * after that is not read.
 *
 * @throws Error when the body ends before it is whole
 */
export async function readBody(c: AppContext, limitBytes: number): Promise<Uint8Array | 'too-large'> {
  const contentLength = Number(c.req.header('content-length'));
  const buffer = new GrowingBuffer(Number.isFinite(contentLength) ? contentLength : undefined);
  const { incoming, mountPath } = c.env;
  // Where the service is mounted, the application may be reading Node's message: two readers would share its bytes.
  const isWhole = await (incoming === undefined || mountPath !== undefined
    ? readStream(c.req.raw.body, buffer, { limitBytes, onSocket: incoming !== undefined })
    : readMessage(incoming, buffer, limitBytes));
  return isWhole ? buffer.bytes() : 'too-large';
}

async function readStream(
  body: ReadableStream<Uint8Array> | null,
  buffer: GrowingBuffer,
  { limitBytes, onSocket }: { limitBytes: number; onSocket: boolean },
): Promise<boolean> {
  if (body === null) return true;
  const reader = body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return true;
    if (buffer.length + value.length > limitBytes) {
      // On a socket that would close the connection before the answer is out. Not awaited: a sender may never finish.
      if (!onSocket) reader.cancel().catch(() => undefined);
      return false;
    }
    buffer.append(value);
  }
}

/**
 * Reads Node's own message, since the web stream over it keeps each chunk with some 200 bytes of its own. The listeners
 * are those of @hono/node-server, which does the same for a body that it is asked for; it drains what is left unread
 * once the answer is out.
 */
function readMessage(incoming: IncomingMessage, buffer: GrowingBuffer, limitBytes: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      incoming.off('data', onData).off('end', onEnd).off('error', onError).off('close', onClose);
    };
    const onData = (chunk: Buffer): void => {
      if (buffer.length + chunk.length <= limitBytes) {
        buffer.append(chunk);
        return;
      }
      settle();
      incoming.pause();
      resolve(false);
    };
    const onEnd = (): void => {
      settle();
      resolve(true);
    };
    const onError = (error: Error): void => {
      settle();
      reject(error);
    };
    const onClose = (): void => onError(new Error('the connection was closed'));
    if (incoming.destroyed) {
      onClose();
      return;
    }
    incoming.on('data', onData).on('end', onEnd).on('error', onError).on('close', onClose);
  });
}
