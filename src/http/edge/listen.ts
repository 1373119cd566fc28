import type { Server } from 'node:http';
import type { Config } from '../../config/config.ts';
import { EngineError } from '../../errors.ts';

/** Beyond it the system drops a connection, and its client tries again after a second. The system has a bound, too. */
const MAX_CONNECTIONS_TO_ACCEPT = 4096;

export function listen(server: Server, { host, port }: Pick<Config, 'host' | 'port'>): Promise<void> {
  return new Promise((resolveListen, reject) => {
    const onError = (cause: Error): void => {
      const message = `cannot listen on ${host}:${port}: ${cause.message}; choose another with HOST and PORT`;
      reject(new EngineError('config_invalid', message, { cause }));
    };
    server.once('error', onError);
    server.listen({ port, host, backlog: MAX_CONNECTIONS_TO_ACCEPT }, () => {
      server.off('error', onError);
      resolveListen();
    });
  });
}
