import type { Command } from 'commander';
import { addSettings, readSettings } from '../setting-flags.ts';

export function configureServe(command: Command): void {
  command.argument('[model]', 'the default model, as --model names it');
  addSettings(command, 'Settings, as flags or environment variables:');
  command.action(async (model: string | undefined) => {
    const { runService } = await import('../run-service.ts');
    await runService(() => readSettings(command, model === undefined ? {} : { model }));
  });
}
