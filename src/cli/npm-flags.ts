import type { Command } from 'commander';

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
