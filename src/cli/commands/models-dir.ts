import type { Command } from 'commander';
import type { StoredModel } from '../../catalog/model-store.ts';
import { addSettings, readSettings } from '../setting-flags.ts';

/** What the commands that work on stored models have in common: --json, and where the models are. */
export function addModelsDir(command: Command): Command {
  command.option('--json', 'says it in JSON');
  addSettings(command, 'Settings, as flags or environment variables:', ['modelsDir']);
  return command;
}

export function modelsDirOf(command: Command): string {
  return readSettings(command).modelsDir;
}

/** The time as JSON has it. */
export function jsonOf(model: StoredModel): object {
  const { pulledAt, ...fields } = model;
  return { ...fields, ...(pulledAt === undefined ? {} : { pulledAt: new Date(pulledAt).toISOString() }) };
}
