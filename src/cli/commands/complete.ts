import type { Command } from 'commander';
import { interruptSignal } from '../drain-on-signals.ts';
import { openService } from '../talk/open-service.ts';
import { readInput } from '../talk/read-input.ts';
import { streamCompletion } from '../talk/stream-answer.ts';
import { addTalkFlags, samplingOf } from '../talk/talk-flags.ts';
import { printableText } from '../terminal.ts';

const DEFAULT_MAX_TOKENS = 128;

export function configureComplete(command: Command): void {
  command
    .argument('[text...]', 'what to go on with; standard input without it')
    .option('--stop <text...>', 'ends before one of these texts');
  addTalkFlags(command);
  command.addHelpText(
    'after',
    `\nStandard output gets what follows the text, ${DEFAULT_MAX_TOKENS} tokens by default.`,
  );
  command.action((words: string[]) => complete(command, words.join(' ')));
}

async function complete(command: Command, text: string): Promise<void> {
  const { stop } = command.opts<{ stop?: string[] }>();
  const prompt = text === '' ? await readInput() : text;
  if (prompt === '') command.error('error: there is no text to go on with');
  const options = {
    max_tokens: DEFAULT_MAX_TOKENS,
    ...samplingOf(command),
    ...(stop === undefined ? {} : { stop }),
  };
  const service = await openService(command);
  const signal = interruptSignal();
  try {
    for await (const piece of streamCompletion(service, prompt, options, signal))
      process.stdout.write(process.stdout.isTTY ? printableText(piece) : piece);
  } finally {
    process.stdout.write('\n');
    await service.close();
  }
}
