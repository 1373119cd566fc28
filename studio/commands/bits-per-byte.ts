import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { resolveModelPath } from '../../src/catalog/resolve-model-path.ts';
import type { Config } from '../../src/config/config.ts';
import { EngineError } from '../../src/errors.ts';
import { EMBEDDED_MODEL } from '../../src/package-root.ts';
import type { Runtime } from '../../src/runtime/runtime.ts';
import { addSettings, readSettings } from '../../src/cli/setting-flags.ts';
import { pagesFor } from '../../src/pages.ts';

interface Flags {
  readonly heldOut?: string;
  readonly context?: string;
  readonly maxChars?: string;
}

const HELP = `
Windows of the context's length lie side by side in each file, as the trainer lays them: every token counts once, the
first of a window after nothing but the end-of-text token or the token before it.`;

export function configureBitsPerByte(command: Command): void {
  command
    .argument('<files...>', 'the texts, in UTF-8')
    .option('--held-out <share>', 'the last part of each file alone, as the trainer splits it')
    .option('--context <tokens>', "length of a window [the model's context]")
    .option('--max-chars <n>', 'no more than that of each file')
    .addHelpText('after', HELP);
  addSettings(command, 'Settings, as flags or environment variables:', [
    ...(['model', 'modelsDir', 'runtime', 'native', 'weights', 'kvCacheFormat', 'threads'] as const),
  ]);
  command.action((files: string[]) => measure(command, files));
}

async function measure(command: Command, files: readonly string[]): Promise<void> {
  const flags = command.opts<Flags>();
  const config = readSettings(command);
  const modelPath =
    config.model === undefined ? EMBEDDED_MODEL : await resolveModelPath(config.model, config.modelsDir);
  const texts = await readTexts(files, flags);
  const [{ loadTokenizer }, { loadModel }, { textNats }] = await Promise.all([
    import('../../src/text/load-tokenizer.ts'),
    import('../../src/model/load-model.ts'),
    import('../training/text-nats.ts'),
  ]);
  const runtime = await startRuntimeOf(config);
  const { model, config: shape } = await loadModel(modelPath, runtime);
  const { numLayers, numKvHeads, headDim, contextLength, eosTokenIds } = shape;
  const windowLength = Math.min(contextLength, readCount('context', flags.context, contextLength));
  const numPages = pagesFor(windowLength);
  const cache = runtime.createKvCache({ numLayers, numKvHeads, headDim, numPages, maxStepPages: numPages });
  const tokenizer = await loadTokenizer(modelPath);

  let [nats, numBytes, numTokens] = [0, 0, 0];
  const startedAt = performance.now();
  for (const text of texts) {
    const encoded = tokenizer.encode(text, { addSpecialTokens: false });
    const tokens = Int32Array.from([eosTokenIds[0] ?? 0, ...encoded]);
    nats += await textNats({ runtime, model, cache, windowLength }, tokens);
    numBytes += Buffer.byteLength(text);
    numTokens += tokens.length - 1;
  }
  const seconds = (performance.now() - startedAt) / 1000;
  process.stdout.write(
    `${(nats / Math.LN2 / numBytes).toFixed(5)} bits per byte: ${numTokens} tokens, ${numBytes} bytes, windows of ` +
      `${windowLength}; ${runtime.description}, WEIGHTS=${config.weights}, Node ${process.version}, ` +
      `${(numTokens / seconds).toFixed(0)} tokens/s\n`,
  );
  await runtime.dispose();
}

/** RUNTIME=auto takes no GPU here: drivers print what they like, and this process has nothing between. */
async function startRuntimeOf({
  runtime,
  native,
  threads: numThreads,
  weights,
  kvCacheFormat,
}: Config): Promise<Runtime> {
  const { startRuntime } = await import('../../src/runtime/start-runtime.ts');
  const options = { numThreads, weights, kvCacheFormat };
  if (runtime !== 'auto') return startRuntime(runtime, options);
  if (!native) return startRuntime('wasm', options);
  return startRuntime('native', options).catch((error: unknown) => {
    if (error instanceof EngineError && error.code === 'backend_unavailable')
      return startRuntime('wasm', options);
    throw error;
  });
}

/** What to score of each file. */
async function readTexts(files: readonly string[], { heldOut, maxChars }: Flags): Promise<string[]> {
  const numChars = maxChars === undefined ? Infinity : readCount('max-chars', maxChars, 1);
  const texts =
    heldOut === undefined ? await Promise.all(files.map(readText)) : await readHeldOut(files, heldOut);
  return texts.map((text) => text.slice(0, numChars));
}

async function readHeldOut(files: readonly string[], text: string): Promise<string[]> {
  const share = Number(text);
  if (!(share > 0 && share < 1)) throw invalid('held-out', text, 'a number between 0 and 1');
  const [{ readCorpus }, { textsOf }] = await Promise.all([
    import('../training/corpus.ts'),
    import('../training/documents.ts'),
  ]);
  const sources = await readCorpus(files, share);
  return sources.map(({ heldOut: documents }) => documents.flatMap(textsOf).join('\n\n'));
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new EngineError('config_invalid', `cannot read ${path}: ${String(cause)}`, { cause });
  }
}

function readCount(flag: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw invalid(flag, text, 'a whole number from 1 on');
}

function invalid(flag: string, text: string, what: string): EngineError {
  return new EngineError('config_invalid', `--${flag} is '${text}': must be ${what}`);
}
