import { readFileSync } from 'node:fs';
import { CommanderError, type Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { createProgram } from '../../../src/cli/run-command-line.ts';
import { SETTINGS } from '../../../src/config/settings.ts';

const { version, bin } = JSON.parse(
  readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'),
) as { version: string; bin: Record<string, string> };

interface Run {
  readonly code: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** What a command line writes before any action runs. */
async function run(...args: string[]): Promise<Run> {
  const program = await createProgram(args[0]);
  const output = { stdout: '', stderr: '' };
  const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)];
  for (const command of all(program)) {
    command.configureOutput({
      writeOut: (text) => (output.stdout += text),
      writeErr: (text) => (output.stderr += text),
    });
    if (command.commands.length === 0) command.action(() => undefined);
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return { code: undefined, ...output };
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { code: error.code, ...output };
  }
}

it('package.json names the compiled program', () => {
  expect(bin).toEqual({ tokenflare: 'dist/src/cli/main.js' });
});

describe.each(['', ...COMMANDS.map(({ name }) => name), 'keys create', 'models pull'])(
  'tokenflare %s',
  (path) => {
    const words = path === '' ? [] : path.split(' ');
    const title = ['tokenflare', ...words].join(' ');

    it.each(['-h', '--help'])('%s shows how it is used', async (flag) => {
      const { code, stdout, stderr } = await run(...words, flag);
      expect({ code, stderr }).toEqual({ code: 'commander.helpDisplayed', stderr: '' });
      expect(stdout).toContain(`Usage: ${title} [options]`);
    });

    it.each(['-v', '--version'])('%s shows the version of package.json', async (flag) => {
      expect(await run(...words, flag)).toEqual({
        code: 'commander.version',
        stdout: `${version}\n`,
        stderr: '',
      });
    });

    it('points to its help after a flag that there is not', async () => {
      const { code, stdout, stderr } = await run(...words, '--no-such-flag');
      expect({ code, stdout }).toEqual({ code: 'commander.unknownOption', stdout: '' });
      expect(stderr).toBe(
        `tokenflare: unknown option '--no-such-flag'\n'${title} --help' says what there is\n`,
      );
    });
  },
);

it.each([
  [['serve', '--prot', '9'], '--port'],
  [['serve', '--max-num-seq', '9'], '--max-num-seqs'],
  [['lsit'], 'list'],
  [['sevre'], 'serve'],
  [['keys', 'creat', 'a'], 'create'],
  [['train', '--step', '3'], '--steps'],
  [['bench', '--propmt-tokens', '3'], '--prompt-tokens'],
])('%j asks whether %s was meant', async (args, meant) => {
  expect((await run(...args)).stderr).toContain(`\n(Did you mean ${meant}?)\n`);
});

it('serve has a flag for each setting, with its variable, default and meaning, and none for a secret', async () => {
  const { stdout } = await run('serve', '--help');
  const text = stdout.replaceAll(/\s+/g, ' ');
  for (const { env, default: defaultValue, meaning, isSecret } of Object.values(SETTINGS)) {
    const flag = `--${env.toLowerCase().replaceAll('_', '-')}`;
    const variable = defaultValue === undefined ? env : `${env}=${defaultValue}`;
    expect(text.includes(`${flag} <value> ${meaning} [${variable}]`), env).toBe(!isSecret);
    if (isSecret) expect(text).toContain(`${env} ${meaning}`);
    if (isSecret) expect(text).not.toContain(flag);
  }
});
