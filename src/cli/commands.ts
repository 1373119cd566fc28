import type { Command } from 'commander';

/** A command of `tokenflare`, of which no more is loaded than its name until it is called. */
export interface CliCommand {
  readonly name: string;
  /** For the list of commands. */
  readonly summary: string;
  /** In no list: another name for what the list has. */
  readonly isHidden?: boolean;
  /** Adds arguments, flags and action. */
  readonly load: () => Promise<(command: Command) => void>;
}

export const DEFAULT_COMMAND = 'serve';

/** In the order of the help. */
export const COMMANDS: readonly CliCommand[] = [
  {
    name: 'serve',
    summary: 'serves models over HTTP; what is done when no command is named',
    load: async () => (await import('./commands/serve.ts')).configureServe,
  },
  {
    name: 'chat',
    summary: 'a conversation in the terminal',
    load: async () => (await import('./commands/chat.ts')).configureChat,
  },
  {
    name: 'complete',
    summary: 'goes on with a text',
    load: async () => (await import('./commands/complete.ts')).configureComplete,
  },
  {
    name: 'wrangler',
    summary: "runs a Worker by the project's own wrangler, with env.AI on this machine",
    load: async () => (await import('./commands/wrangler.ts')).configureWrangler,
  },
  {
    name: 'pull',
    summary: 'fetches a model from the Hugging Face hub',
    load: async () => (await import('./commands/pull.ts')).configurePull,
  },
  {
    name: 'list',
    summary: 'the models that are there',
    load: async () => (await import('./commands/models.ts')).configureList,
  },
  {
    name: 'show',
    summary: 'what a model is, and its files',
    load: async () => (await import('./commands/models.ts')).configureShow,
  },
  {
    name: 'rm',
    summary: 'removes a model',
    load: async () => (await import('./commands/models.ts')).configureRemove,
  },
  {
    name: 'verify',
    summary: 'hashes the files of models again',
    load: async () => (await import('./commands/models.ts')).configureVerify,
  },
  {
    name: 'models',
    summary: 'pull, list, show, rm and verify',
    isHidden: true,
    load: async () => (await import('./commands/models.ts')).configureModels,
  },
  {
    name: 'keys',
    summary: 'creates, lists and revokes API keys',
    load: async () => (await import('./commands/keys.ts')).configureKeys,
  },
  {
    name: 'doctor',
    summary: 'which runtimes work on this machine, and what the others lack',
    load: async () => (await import('./commands/doctor.ts')).configureDoctor,
  },
  {
    name: 'setup',
    summary: 'fetches what is not in the package: webgpu',
    load: async () => (await import('./commands/setup.ts')).configureSetup,
  },
  {
    name: 'bench',
    summary: 'measures a service',
    load: async () => (await import('./commands/bench.ts')).configureBench,
  },
  {
    name: 'train',
    summary: 'trains a tokenizer and a GPT-2 on texts and conversations',
    load: async () => (await import('../../studio/commands/train.ts')).configureTrain,
  },
  {
    name: 'bits-per-byte',
    summary: 'what a model makes of texts',
    load: async () => (await import('../../studio/commands/bits-per-byte.ts')).configureBitsPerByte,
  },
];
