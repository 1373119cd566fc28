import { parseArgs } from 'node:util';
import { EngineError } from '../errors.ts';
import { SETTINGS, type Config } from './settings.ts';
import { messageOf } from '../values.ts';

export type { Config } from './settings.ts';

const settings = Object.entries(SETTINGS);

/** `MAX_NUM_SEQS` -> `max-num-seqs`. */
export const flagOf = (env: string): string => env.toLowerCase().replaceAll('_', '-');

/**
 * Reads flags, then the environment, then the defaults, into one frozen Config.
 *
 * @throws EngineError `config_invalid` naming the variable, its value and what it may be
 */
export function readConfig(environment: NodeJS.ProcessEnv, args: readonly string[]): Config {
  const flags = readFlags(args);
  const config: Record<string, unknown> = {};
  for (const [name, { env, schema, default: defaultValue, isSecret }] of settings) {
    const flag = isSecret ? undefined : flags[flagOf(env)];
    const text = flag ?? environment[env] ?? defaultValue;
    const result = schema.safeParse(text);
    if (!result.success) {
      const source = flag === undefined ? env : `--${flagOf(env)}`;
      const reason = result.error.issues.at(-1)?.message ?? 'is not valid';
      const shown = isSecret ? "'***'" : `'${String(text)}'`;
      throw new EngineError('config_invalid', `${source} is ${shown}: ${reason}`, {
        details: { setting: env, isFlag: flag !== undefined, ...(isSecret ? {} : { value: text }) },
      });
    }
    config[name] = result.data;
  }
  // Every name of SETTINGS was just given the value that its own schema produced.
  return Object.freeze(config) as Config;
}

function readFlags(args: readonly string[]): Record<string, string | undefined> {
  const options = Object.fromEntries(
    settings.flatMap(([, { env, isSecret }]) =>
      isSecret ? [] : [[flagOf(env), { type: 'string' as const }] as const],
    ),
  );
  try {
    return parseArgs({ args: [...args], options, strict: true }).values;
  } catch (cause) {
    throw new EngineError('config_invalid', messageOf(cause), { cause });
  }
}
