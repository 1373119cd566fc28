import * as z from 'zod';
import { MODEL_SETTINGS } from './model-settings.ts';
import { SERVICE_SETTINGS } from './service-settings.ts';
import { setting, type Setting } from './setting.ts';
import { integer } from './setting-schemas.ts';
import { TRACE_SETTINGS } from './trace-settings.ts';

/**
 * Every setting of the service. Each is an environment variable and a flag: `MAX_NUM_SEQS=8` is
 * `--max-num-seqs 8`, and the flag wins.
 */
export const SETTINGS = {
  host: setting('HOST', '127.0.0.1', z.string().min(1, 'must name an address'), 'Address to listen on.'),
  port: setting('PORT', '8787', integer(0, 65535), 'Port to listen on; 0 takes a free one.'),
  ...MODEL_SETTINGS,
  ...SERVICE_SETTINGS,
  ...TRACE_SETTINGS,
} as const;

export type SettingName = keyof typeof SETTINGS;

/** The environment variables of the settings. */
export type SettingVariable = (typeof SETTINGS)[SettingName]['env'];

/** The service's settings, read once at start. Times are milliseconds, sizes bytes unless named otherwise. */
export type Config = Readonly<{
  [Name in SettingName]: (typeof SETTINGS)[Name] extends Setting<infer T> ? T : never;
}>;
