import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Python's `pty` makes the terminal; what this process writes is typed, and what the terminal shows comes back. */
const BRIDGE = `
import fcntl, os, pty, struct, sys, termios
pid, master = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack('HHHH', 40, 200, 0, 0))
pty._copy(master)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 255)
`;

/** Tests in a terminal need Python, and skip without it; TEST_TERMINAL=required makes them fail. */
export const skipsTerminal =
  process.env['TEST_TERMINAL'] !== 'required' &&
  spawnSync('python3', ['-c', 'import pty; pty._copy; pty.fork']).status !== 0;

/** A command that runs in a terminal of 200 columns. */
export class PseudoTerminal {
  readonly child: ChildProcess;
  /** The exit code. */
  readonly exited: Promise<number | null>;
  #output = '';
  /** Up to where `see` has read. */
  #seen = 0;

  constructor(command: readonly string[], environment: Record<string, string | undefined> = {}) {
    const env = { ...process.env, TERM: 'xterm', NO_COLOR: '1', ...environment };
    this.child = spawn('python3', ['-c', BRIDGE, ...command], { cwd: ROOT, env });
    for (const output of [this.child.stdout, this.child.stderr])
      output?.setEncoding('utf8').on('data', (text: string) => (this.#output += text));
    this.exited = once(this.child, 'close').then(([code]) => code as number | null);
  }

  /** What was shown, without what moves the cursor. */
  get text(): string {
    return stripVTControlCharacters(this.#output).replaceAll('\r', '');
  }

  /** With what moves the cursor. */
  get raw(): string {
    return this.#output;
  }

  type(text: string): void {
    this.child.stdin?.write(text);
  }

  /** Waits until something is shown after what was seen before; returns what was shown up to its end. */
  async see(pattern: RegExp): Promise<string> {
    for (;;) {
      const fresh = this.text.slice(this.#seen);
      const found = pattern.exec(fresh);
      if (found !== null) {
        const end = found.index + found[0].length;
        this.#seen += end;
        return fresh.slice(0, end);
      }
      if (this.child.exitCode !== null) throw new Error(`it ended without ${String(pattern)}:\n${this.text}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exited;
  }
}
