import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { until } from './until.ts';

/** Whether Debian's `redis-server` is here. */
export const hasRedis = (): boolean => spawnSync('redis-server', ['--version']).status === 0;

/** A Redis on a socket of its own that can be killed and started again. */
export class RedisUnderTest {
  readonly #socket: string;
  readonly #directory: string;
  #child: ChildProcess | undefined;

  constructor(directory: string) {
    this.#directory = directory;
    this.#socket = join(directory, 'redis.sock');
  }

  /** For REDIS_URL: the path of its socket. */
  get url(): string {
    return this.#socket;
  }

  async start(): Promise<void> {
    const flags = ['--port', '0', '--unixsocket', this.#socket, '--save', '', '--dir', this.#directory];
    this.#child = spawn('redis-server', flags, { stdio: 'ignore' });
    if (!(await until(() => this.#takesConnections(), 10_000))) throw new Error('redis-server did not start');
  }

  /** Stands still: connections stay open, and nothing is answered. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#child = undefined;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  #takesConnections(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.#socket);
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
  }
}
