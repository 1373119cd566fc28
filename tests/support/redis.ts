import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from './service.ts';

const COMMAND = 'redis-server';
const isHere = spawnSync(COMMAND, ['--version']).status === 0;
if (!isHere && process.env['TEST_REDIS'] === 'required')
  throw new Error(`there is no ${COMMAND}: .ci/install-redis installs it`);

/** Why the tests with Redis are skipped here; undefined where it is. */
export const NO_REDIS = isHere ? undefined : `there is no ${COMMAND} (Debian's package ${COMMAND})`;

/** A Redis of a test's own on a socket in a folder, with nothing on disk. */
export class RedisServer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'tokenflare-redis-'));
  /** What REDIS_URL is set to. */
  readonly url = join(this.#folder, 'socket');
  readonly #password: string | undefined;
  #child: ChildProcess | undefined;

  constructor(password?: string) {
    this.#password = password;
  }

  static async start(): Promise<RedisServer> {
    const server = new RedisServer();
    await server.start();
    return server;
  }

  async start(): Promise<void> {
    const options = ['--port', '0', '--unixsocket', this.url, '--save', '', '--appendonly', 'no'];
    const password = this.#password === undefined ? [] : ['--requirepass', this.#password];
    this.#child = spawn(COMMAND, [...options, ...password, '--dir', this.#folder], { stdio: 'ignore' });
    await until(() => accepts(this.url));
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
    // What is left would look like a server that has started.
    rmSync(this.url, { force: true });
  }

  /** It keeps its connections and answers nothing. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The socket is there before anybody listens on it. */
async function accepts(path: string): Promise<boolean> {
  const socket = connect(path);
  const isConnected = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isConnected;
}
