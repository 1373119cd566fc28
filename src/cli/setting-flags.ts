import { Option, type Command } from 'commander';
import { flagOf, readConfig, type Config } from '../config/config.ts';
import { SETTINGS, type SettingName } from '../config/settings.ts';
import { EngineError } from '../errors.ts';

/** The flags that were given, by their long names without the dashes; one without a value is true. */
export function givenFlags(command: Command): Record<string, string | true> {
  const flags = command.options.flatMap((option): [string, string | true][] => {
    const value: unknown = command.getOptionValue(option.attributeName());
    const isGiven = typeof value === 'string' || value === true;
    return option.long !== undefined && isGiven ? [[option.long.slice(2), value]] : [];
  });
  return Object.fromEntries(flags);
}

const ALL = Object.keys(SETTINGS) as SettingName[];
const SETTING_FLAGS: ReadonlySet<string> = new Set(Object.values(SETTINGS).map(({ env }) => flagOf(env)));

/**
 * Gives a command a flag for each setting, with the text that docs/settings.md has. A secret has no flag.
 * @param heading of the flags in the help
 */
export function addSettings(command: Command, heading: string, names: readonly SettingName[] = ALL): void {
  for (const name of names) {
    const { env, default: defaultValue, meaning, isSecret } = SETTINGS[name];
    if (isSecret) continue;
    const variable = defaultValue === undefined ? env : `${env}=${defaultValue}`;
    const option = new Option(`--${flagOf(env)} <value>`, `${meaning} [${variable}]`);
    command.addOption(option.helpGroup(heading));
  }
  const secrets = names.map((name) => SETTINGS[name]).filter(({ isSecret }) => isSecret);
  if (secrets.length === 0) return;
  const lines = secrets.map(({ env, meaning }) => `  ${env}\n      ${meaning}\n`);
  command.addHelpText('after', `\nWithout a flag:\n${lines.join('').trimEnd()}`);
}

/**
 * The settings from the flags that a command was given, the environment and the defaults.
 *
 * @param overrides flags that win over those
 * @throws CommanderError for the value of a flag, EngineError `config_invalid` for that of a variable
 */
export function readSettings(command: Command, overrides: Readonly<Record<string, string>> = {}): Config {
  const given = Object.entries({ ...givenFlags(command), ...overrides });
  const args = given.flatMap(([flag, value]) => (SETTING_FLAGS.has(flag) ? [`--${flag}=${value}`] : []));
  try {
    return readConfig(process.env, args);
  } catch (error) {
    if (error instanceof EngineError && error.details?.['isFlag'] === true) {
      command.error(`error: ${error.message}`);
    }
    throw error;
  }
}

/** Settings of a model and of the engine that computes it, for commands that start one for themselves. */
export const ENGINE_SETTINGS: readonly SettingName[] = [
  ...(['model', 'modelsDir', 'chatTemplate', 'chatTemplateFile', 'generationConfig'] as const),
  ...(['runtime', 'native', 'weights', 'kvCacheFormat', 'threads'] as const),
  ...(['maxNumSeqs', 'maxModelLen', 'maxNumBatchedTokens', 'kvCacheMb', 'memoryLimitBytes'] as const),
  ...(['prefixCache', 'speculation', 'logLevel'] as const),
];
