import { inspect } from 'node:util';
import { CommanderError, type Command } from 'commander';
import { EngineError } from '../errors.ts';
import { BaseCommand } from './base-command.ts';
import { COMMANDS, DEFAULT_COMMAND, type CliCommand } from './commands.ts';
import { EXIT_CODES, exitCodesHelp } from './exit-codes.ts';
import { INTERRUPTED } from './interrupt-signal.ts';
import { npmFlagsProblem } from './npm-flags.ts';
import { say } from './terminal.ts';

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
