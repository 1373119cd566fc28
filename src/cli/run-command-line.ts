import { Command, CommanderError, type ErrorOptions } from 'commander';
import { inspect } from 'node:util';
import { type CliCommand, COMMANDS, DEFAULT_COMMAND } from './commands.ts';
import { EXIT_CODES, exitCodesHelp } from './exit-codes.ts';
import { INTERRUPTED } from './drain-on-signals.ts';
import { say } from './terminal.ts';
import { EngineError } from '../errors.ts';
import { hasCode } from '../values.ts';
import { VERSION } from '../version.ts';

const FLAGS_OF_PROGRAM: readonly string[] = ['-h', '--help', '-v', '--version'];

/**
 * Runs the command that the arguments name, `serve` where they name none, and sets the exit code. Errors are told on
 * standard error; one that was not foreseen with its stack.
 *
 * @param args without Node and the program
 */
export async function runCommandLine(args: readonly string[]): Promise<void> {
  const [first] = args;
  const namesNone = first === undefined || (first.startsWith('-') && !FLAGS_OF_PROGRAM.includes(first));
  const words = namesNone ? [DEFAULT_COMMAND, ...args] : args;
  const asksForHelp = words.includes('--help') || words.includes('-h');
  if (words[0] !== DEFAULT_COMMAND || asksForHelp) endWithReader();
  try {
    const program = await createProgram(calledBy(words));
    refuseNpmFlags(program, args);
    await program.parseAsync(words, { from: 'user' });
  } catch (error) {
    process.exitCode = exitCodeOf(error);
    // Errors of use were written where they were thrown.
    if (error instanceof CommanderError) return;
    const isForeseen = error instanceof EngineError && error.code !== 'internal';
    say(isForeseen ? error.message : inspect(error));
  }
}

/** `tokenflare complete … | head` ends when `head` does. The log of a service has a sink of its own. */
function endWithReader(): void {
  process.stdout.on('error', (error) => {
    if (!hasCode(error, 'EPIPE')) throw error;
    process.exit(EXIT_CODES.failed);
  });
}

/** The command that words name, be it for its help; the default one for a word that is none, which npm may have left. */
function calledBy(words: readonly string[]): string | undefined {
  const called = words[0] === 'help' ? words[1] : words[0];
  if (called === undefined || FLAGS_OF_PROGRAM.includes(called)) return undefined;
  return COMMANDS.some(({ name }) => name === called) ? called : DEFAULT_COMMAND;
}

/** @param called the command whose flags and action are wanted; the others have names alone */
export async function createProgram(called: string | undefined): Promise<Command> {
  const program = new BaseCommand('tokenflare')
    .description('An HTTP inference service for causal transformers, and what goes with it.')
    .helpCommand('help [command]', 'shows the help of a command')
    // What follows a command is the command's: `wrangler` hands it on.
    .enablePositionalOptions()
    .addHelpText('after', `\n${exitCodesHelp()}`);
  for (const entry of COMMANDS) {
    const command = program.command(entry.name, { hidden: entry.isHidden === true }).summary(entry.summary);
    if (entry.name === called) await configure(entry, command);
  }
  return program;
}

async function configure(entry: CliCommand, command: Command): Promise<void> {
  const addParts = await entry.load();
  command.description(`${entry.summary.charAt(0).toUpperCase()}${entry.summary.slice(1)}.`);
  addParts(command);
}

function refuseNpmFlags(program: Command, args: readonly string[]): void {
  const problem = npmFlagsProblem(process.env, args, program);
  if (problem !== undefined) program.error(`error: ${problem}`);
}

function exitCodeOf(error: unknown): number {
  if (error === INTERRUPTED) return EXIT_CODES.interrupted;
  if (!(error instanceof CommanderError)) return EXIT_CODES.failed;
  return error.exitCode === 0 ? EXIT_CODES.done : EXIT_CODES.usage;
}

/**
 * A command with what all have: -h, -v, a guess at what was meant, and a pointer to its help after an error of use. Such
 * an error is written and then thrown, as `CommanderError`.
 */
class BaseCommand extends Command {
  constructor(name: string) {
    super(name);
    this.helpOption('-h, --help', 'shows this')
      .version(VERSION, '-v, --version', 'shows the version')
      .configureHelp({ subcommandTerm: (command) => command.name() })
      .exitOverride()
      .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'tokenflare: ')) });
  }

  override createCommand(name: string): Command {
    return new BaseCommand(name);
  }

  override error(message: string, options?: ErrorOptions): never {
    this.showHelpAfterError(`'${pathOf(this)} --help' says what there is`);
    return super.error(message, options);
  }
}

/** `tokenflare keys create`. */
function pathOf(command: Command): string {
  const { parent } = command;
  return parent === null ? command.name() : `${pathOf(parent)} ${command.name()}`;
}

/** Flags of npm's own that commands here have too: they may come from a user's .npmrc. */
const OF_NPM: ReadonlySet<string> = new Set(['help', 'json', 'version']);

/**
 * What to do about flags that npm took for itself: of `npm start --port 9000` the service would get `9000`, and of
 * `npm start --port=9000` nothing. npm tells its scripts of them as `npm_config_port`.
 *
 * @param args that came through
 * @returns undefined where npm runs no script, or took no flag of the command
 */
export function npmFlagsProblem(
  environment: NodeJS.ProcessEnv,
  args: readonly string[],
  command: Command,
): string | undefined {
  const script = environment['npm_lifecycle_event'];
  if (script === undefined) return undefined;
  const taken = longFlagsOf(command).flatMap((flag) => {
    const value = environment[`npm_config_${flag.replaceAll('-', '_')}`];
    return value === undefined ? [] : [value === 'true' || value === '' ? `--${flag}` : `--${flag} ${value}`];
  });
  if (taken.length === 0) return undefined;
  const run = script === 'start' ? 'npm start' : `npm run ${script}`;
  return `npm took ${taken.join(' ')} for itself; flags come after --: ${[run, '--', ...taken, ...args].join(' ')}`;
}

/** Of the command and those below it, without the dashes. */
function longFlagsOf(command: Command): string[] {
  const own = command.options.flatMap(({ long }) => long?.replace(/^--/, '') ?? []);
  return [...own, ...command.commands.flatMap(longFlagsOf)].filter((flag) => !OF_NPM.has(flag));
}
