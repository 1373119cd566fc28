import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { childrenOf, commandLine, isAlive, treeOf } from './proc.ts';
import { sleep, until, within } from './until.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What `npm start` runs, without Node's name. */
const START_ARGUMENTS = readStartArguments();
/** In memory where that can be: how busy a disk is says nothing of the service. */
const LOG_HOME = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
const START_LIMIT_MS = 30_000;
const STOP_LIMIT_MS = 15_000;

function readStartArguments(): string {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: { start: string };
  };
  return scripts.start.replace(/^node /, '');
}

export type Settings = Readonly<Record<string, string>>;

export interface LaunchOptions {
  settings?: Settings;
  /** `ulimit -n` of the service. */
  maxOpenFiles?: number;
  /** Where its log goes instead of a file: a descriptor of this process, or a pipe. */
  stdout?: number | 'pipe';
  /** Launched by `npm start`'s shell: the service is then a grandchild. */
  throughShell?: boolean;
}

export type ExitStatus = number | NodeJS.Signals | null;

/** The compiled service as a process of its own, on a free port of the loopback address. */
export class ServiceUnderTest {
  readonly child: ChildProcess;
  readonly exited: Promise<ExitStatus>;
  readonly settings: Settings;
  readonly #directory: string;
  #url = '';

  private constructor(child: ChildProcess, directory: string, settings: Settings) {
    this.child = child;
    this.settings = settings;
    this.#directory = directory;
    this.exited = once(child, 'exit').then(([code, signal]) => (code ?? signal) as ExitStatus);
  }

  /** Started, and perhaps not listening yet. */
  static spawn(options: LaunchOptions = {}): ServiceUnderTest {
    const { settings = {}, maxOpenFiles, stdout, throughShell = false } = options;
    const directory = mkdtempSync(join(LOG_HOME, 'tokenflare-chaos-service-'));
    const log = openSync(join(directory, 'stdout'), 'a');
    const errors = openSync(join(directory, 'stderr'), 'a');
    const limit = maxOpenFiles === undefined ? '' : `ulimit -n ${maxOpenFiles}; `;
    const run = `${throughShell ? '' : 'exec '}"${process.execPath}" ${START_ARGUMENTS}`;
    const child = spawn('/bin/bash', ['-c', `${limit}${run}${throughShell ? '; exit $?' : ''}`], {
      cwd: ROOT,
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: process.env['HOME'] ?? '',
        PORT: '0',
        BENCHMARK_RESULTS: 'memory',
        GATEWAY_LOGS: 'memory',
        RUNTIME: 'wasm',
        MODELS_DIR: join(directory, 'models'),
        VECTORIZE_DIR: join(directory, 'vectors'),
        VECTORIZE_MB: '64',
        SHUTDOWN_TIMEOUT: '5',
        ...settings,
      },
      stdio: ['ignore', stdout ?? log, errors],
    });
    closeSync(log);
    closeSync(errors);
    return new ServiceUnderTest(child, directory, settings);
  }

  /** @throws Error with what the service wrote, when it does not come up */
  static async launch(options: LaunchOptions = {}): Promise<ServiceUnderTest> {
    const service = ServiceUnderTest.spawn(options);
    await service.ready();
    return service;
  }

  /** Waits for the greeting, which is written once the default model is loaded. */
  async ready(): Promise<void> {
    const hasGreeted = (): boolean => {
      this.#url = / on (http:\S+) /.exec(this.stderr())?.[1] ?? '';
      return this.#url !== '' || this.hasEnded;
    };
    await until(hasGreeted, START_LIMIT_MS);
    if (this.#url !== '') return;
    const said = this.stderr().trim().slice(-500);
    await this.stop();
    throw new Error(`the service did not start: ${said}`);
  }

  get url(): string {
    return this.#url;
  }

  get port(): number {
    return Number(new URL(this.#url).port);
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** Of the service itself, also behind a shell. */
  get pid(): number {
    const pid = this.child.pid ?? NaN;
    if (!/^\S*bash /.test(commandLine(pid))) return pid;
    return childrenOf(pid)[0] ?? pid;
  }

  /** Processes that load and run a model. */
  enginePids(): number[] {
    return childrenOf(this.pid).filter((pid) => commandLine(pid).includes('engine-worker'));
  }

  /** Processes beside the engines: those of templates, tokenizers and the like. */
  textWorkerPids(): number[] {
    // Between fork and exec a child has the command line of its parent, who waits for it.
    const own = commandLine(this.pid);
    return childrenOf(this.pid).filter((pid) => {
      const command = commandLine(pid);
      return command !== '' && command !== own && !command.includes('engine-worker');
    });
  }

  stdout = (): string => this.#read('stdout');

  stderr = (): string => this.#read('stderr');

  /** Bytes of the log so far. */
  logBytes(): number {
    return statSync(join(this.#directory, 'stdout')).size;
  }

  /** Lines of the log from a byte on. */
  logLines(fromByte = 0): string[] {
    const bytes = readFileSync(join(this.#directory, 'stdout')).subarray(fromByte);
    return bytes.toString('utf8').split('\n').filter(Boolean);
  }

  /** The exit status after a signal, or `undefined` when it does not end within the limit. */
  async end(signal: NodeJS.Signals, limitMs: number): Promise<ExitStatus | undefined> {
    process.kill(this.pid, signal);
    return within(this.exited, limitMs);
  }

  /** SIGTERM, and SIGKILL for what is left of it; removes its files. */
  async stop(): Promise<void> {
    const tree = treeOf(this.child.pid ?? NaN);
    if (!this.hasEnded) {
      this.child.kill('SIGTERM');
      await within(this.exited, STOP_LIMIT_MS);
    }
    for (const pid of tree) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
    await until(() => tree.every((pid) => !isAlive(pid)), STOP_LIMIT_MS);
    // A file may still be written as the last process goes.
    await sleep(0);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #read(name: string): string {
    return readFileSync(join(this.#directory, name), 'utf8');
  }
}
