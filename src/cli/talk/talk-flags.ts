import { InvalidArgumentError, type Command } from 'commander';
import type { SettingName } from '../../config/settings.ts';
import { ENGINE_SETTINGS, addSettings } from '../setting-flags.ts';
import type { SamplingFields } from './stream-answer.ts';

const WHERE: readonly SettingName[] = ['host', 'port'];

/** Flags of the commands that ask a service for a text. */
export function addTalkFlags(command: Command): void {
  command
    .option('--temperature <t>', 'how freely tokens are drawn; 0: the most probable one', number)
    .option('--top-p <p>', 'of the tokens that together have this probability', number)
    .option('--max-tokens <n>', 'most tokens of an answer', wholeNumber)
    .option('--seed <n>', 'the same seed gives the same text', wholeNumber)
    .option('--url <url>', 'a service that runs there; its key, where it wants one, in TOKENFLARE_API_KEY')
    .addHelpText(
      'after',
      '\nWithout --url the service at HOST and PORT answers, if one runs there and serves the model. Else the model is\n' +
        'loaded in this process, until it ends.',
    );
  addSettings(command, 'Settings, as flags or environment variables:', [...WHERE, ...ENGINE_SETTINGS]);
}

export function samplingOf(command: Command): SamplingFields {
  const { temperature, topP, maxTokens, seed } = command.opts<{
    temperature?: number;
    topP?: number;
    maxTokens?: number;
    seed?: number;
  }>();
  return {
    ...(temperature === undefined ? {} : { temperature }),
    ...(topP === undefined ? {} : { top_p: topP }),
    ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }),
    ...(seed === undefined ? {} : { seed }),
  };
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value)) return value;
  throw new InvalidArgumentError('It must be a number.');
}

function wholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number.');
}
