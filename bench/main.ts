import { EngineError } from '../src/errors.ts';
import { AGAINST_MODE } from './modes/against.ts';
import { AGAINST_WHOLE_MODE } from './modes/against-whole.ts';
import { BOUNDS_MODE } from './modes/bounds.ts';
import { FORMATS_MODE } from './modes/formats.ts';
import { GGUF_MODE } from './modes/gguf.ts';
import { LLAMA_SERVER_MODE } from './modes/llama-server.ts';
import { GRAMMARS_MODE } from './modes/grammars.ts';
import { INTERFERENCE_MODE } from './modes/interference.ts';
import type { BenchMode } from './mode.ts';
import { PEERS_MODE } from './modes/peers.ts';
import { RUNTIMES_MODE } from './modes/runtimes.ts';
import { SERVICE_MODE } from './modes/service.ts';
import { SPECULATION_MODE } from './modes/speculation.ts';

const MODES: readonly BenchMode[] = [
  SERVICE_MODE,
  RUNTIMES_MODE,
  INTERFERENCE_MODE,
  // Before the one whose flag it also takes.
  GGUF_MODE,
  PEERS_MODE,
  LLAMA_SERVER_MODE,
  // Before the one whose flag it also takes.
  FORMATS_MODE,
  SPECULATION_MODE,
  GRAMMARS_MODE,
  BOUNDS_MODE,
  // Before the one whose flag it also takes.
  AGAINST_WHOLE_MODE,
  AGAINST_MODE,
];

/** Picks the mode; each reads the rest of the command line itself. */
async function main(args: string[]): Promise<void> {
  if (args.includes('--help')) {
    process.stdout.write(MODES.map(({ usage }) => usage).join('\n'));
    return;
  }
  const names = args.map((arg) => arg.split('=')[0]);
  const mode = MODES.find(({ flag }) => flag !== undefined && names.includes(`--${flag}`)) ?? SERVICE_MODE;
  await mode.run(args);
}

await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof EngineError ? `${error.code}: ${error.message}` : error);
  process.exitCode = 1;
});
