import type * as z from 'zod';

/** One setting: its environment variable, how it is read, and what docs/settings.md says of it. */
export interface Setting<T, Env extends string = string> {
  env: Env;
  schema: z.ZodType<T>;
  /** As a string, since that is what an environment holds; `undefined`: no default. */
  default: string | undefined;
  meaning: string;
  /** Its value is in no message, and it has no flag: every user of the machine can read the arguments of a process. */
  isSecret: boolean;
}

export const setting = <T, const Env extends string>(
  env: Env,
  defaultValue: string | undefined,
  schema: z.ZodType<T>,
  meaning: string,
): Setting<T, Env> => ({ env, schema, default: defaultValue, meaning, isSecret: false });

export const secret = <T, const Env extends string>(
  env: Env,
  schema: z.ZodType<T>,
  meaning: string,
): Setting<T, Env> => ({
  ...setting(env, undefined, schema, meaning),
  isSecret: true,
});
