import type { Command } from 'commander';
import { ByteProgress } from '../../catalog/byte-progress.ts';
import { openHub } from '../../catalog/hub.ts';
import { parsePullRequest } from '../../catalog/model-id.ts';
import { pullModel } from '../../catalog/pull-model.ts';
import { DEFAULT_RETRIES } from '../../catalog/download-file.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { print, printable, printJson, say } from '../terminal.ts';
import { addModelsDir, jsonOf, modelsDirOf } from './models-dir.ts';

export function configurePull(command: Command): void {
  command.argument('<model>', 'owner/name[:FILE.gguf][@REVISION]');
  addModelsDir(command).addHelpText(
    'after',
    `
A repository in safetensors is taken with its tokenizer; of one in GGUF, the file named by :FILE.gguf or by the end of
its name, as in :Q4_K_M. A pull that broke off goes on where it stopped. 'tokenflare serve ID' serves the model.

Environment:
  HF_ENDPOINT   a mirror of the hub (https://huggingface.co)
  HF_TOKEN      for private and gated models; sent to that address alone`,
  );
  command.action(async (id: string) => {
    const stop = new AbortController();
    // A second one ends the process: `once` leaves it to Node.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
    try {
      await pull(id, command, stop.signal);
    } catch (error) {
      if (!stop.signal.aborted) throw error;
      say('stopped; the same command goes on from here');
      process.exitCode = EXIT_CODES.interrupted;
    }
  });
}

async function pull(id: string, command: Command, signal: AbortSignal): Promise<void> {
  const request = parsePullRequest(id);
  const hub = openHub(process.env, signal);
  let progress: ByteProgress | undefined;
  try {
    const { model, wasThere } = await pullModel(request, {
      hub,
      modelsDir: modelsDirOf(command),
      signal,
      retries: {
        ...DEFAULT_RETRIES,
        onRetry: ({ message }, delayMs) => {
          const text = printable(`${message}; again in ${Math.round(delayMs / 1000)} s`);
          if (progress === undefined) say(text);
          else progress.note(text);
        },
      },
      listener: {
        onPlan: ({ id: plannedId, revision, files, totalBytes }) => {
          say(`${plannedId} at ${revision}, ${files.length} file${files.length === 1 ? '' : 's'}`);
          progress = new ByteProgress(totalBytes);
        },
        onFile: ({ path, size }) => progress?.name(path, size),
        onBytes: (count) => progress?.advance(count),
      },
    });
    progress?.stop();
    if (command.opts<{ json?: true }>().json === true) printJson({ ...jsonOf(model), wasThere });
    else
      print(
        `${model.id} ${wasThere ? 'is there already' : 'is there'}: 'tokenflare serve ${model.id}' serves it`,
      );
  } finally {
    progress?.stop();
  }
}
