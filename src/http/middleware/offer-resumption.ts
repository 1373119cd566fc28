import type { MiddlewareHandler } from 'hono';
import { invalidField } from '../../errors.ts';
import type { AppEnv } from '../app-env.ts';
import type { StreamStore } from '../sse/stream-store.ts';
import { noOwner } from './visible-owner.ts';

/** Asks that a streamed answer can be read on after its connection broke, and says that it can. */
export const RESUMABLE_HEADER = 'x-stream-resumable';

/**
 * Looks whether the client asks for a stream that can be resumed. An answer that is no stream takes no notice.
 *
 * @throws EngineError `invalid_request` for a value other than `true` and `false`, or if no stream can be resumed
 */
export function offerResumption(streams: StreamStore): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    // Only what is posted is answered with a new stream.
    const asked = c.req.method === 'POST' ? c.req.header(RESUMABLE_HEADER) : undefined;
    if (asked !== undefined && asked !== 'true' && asked !== 'false') {
      throw invalidField(RESUMABLE_HEADER, 'must be true or false');
    }
    if (asked === 'true') {
      if (!streams.isOpen) {
        throw invalidField(
          RESUMABLE_HEADER,
          'must be false: the service keeps no streams (STREAM_BUFFER_MB is 0)',
        );
      }
      const scope = c.get('scope');
      if (!scope.hasOwner) throw noOwner(RESUMABLE_HEADER);
      scope.streams = streams;
    }
    return next();
  };
}
