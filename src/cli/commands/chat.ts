import type { Command } from 'commander';
import { interruptSignal } from '../drain-on-signals.ts';
import { type AnsweringService, openService } from '../talk/open-service.ts';
import { Conversation } from '../talk/conversation.ts';
import { readInput } from '../talk/read-input.ts';
import { streamChat, type Message, type SamplingFields } from '../talk/stream-answer.ts';
import { addTalkFlags, samplingOf } from '../talk/talk-flags.ts';
import { printableText, say } from '../terminal.ts';

export function configureChat(command: Command): void {
  command
    .argument('[model]', 'a folder, a GGUF file, or the id of a model; the default one without it')
    .option('--system <text>', 'tells the model how to answer')
    .addHelpText(
      'after',
      '\nIn a terminal /help lists what can be typed. Elsewhere all of standard input is one question, and standard output\n' +
        'gets the answer alone.',
    );
  addTalkFlags(command);
  command.action((model: string | undefined) => chat(command, model));
}

async function chat(command: Command, model: string | undefined): Promise<void> {
  const { system } = command.opts<{ system?: string }>();
  const sampling = samplingOf(command);
  const conversation = new Conversation(system);
  const question = process.stdin.isTTY ? undefined : await readInput();
  if (question === '') command.error('error: standard input has no question');
  const service = await openService(command, model);
  try {
    if (question !== undefined) {
      await answerOnce(service, conversation.asking(question), sampling);
      return;
    }
    say(`${service.modelId} on ${service.where}. /help lists what can be typed, Ctrl-D leaves.`);
    const { converse } = await import('../talk/converse.ts');
    await converse({ service, conversation, sampling });
  } finally {
    await service.close();
  }
}

async function answerOnce(
  service: AnsweringService,
  messages: readonly Message[],
  sampling: SamplingFields,
): Promise<void> {
  const signal = interruptSignal();
  for await (const { kind, text } of streamChat(service, messages, sampling, signal))
    if (kind === 'text') process.stdout.write(process.stdout.isTTY ? printableText(text) : text);
  process.stdout.write('\n');
}
