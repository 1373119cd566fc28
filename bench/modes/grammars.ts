import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeMachine, readLoad } from '../../src/bench/describe-machine.ts';
import { EngineError } from '../../src/errors.ts';
import { readNames } from '../../src/cli/read-values.ts';
import { siblingProcess } from '../../src/process/sibling-process.ts';
import { CACHE, installPythonPackages, ROOT } from '../../scripts/install-packages.ts';
import { prepareGpt2Tokens } from '../gpt2-words.ts';
import { readGrammarCorpus, type CorpusItem } from '../harness/grammar-corpus.ts';
import {
  describeRow,
  formatGrammars,
  GRAMMAR_ENGINES,
  type GrammarEngine,
  type GrammarReport,
  type GrammarRow,
} from '../harness/grammar-report.ts';
import { GrammarContender } from '../harness/grammar-runs.ts';
import { benchMode, tell, type BenchOption, type ParamsOf } from '../mode.ts';

const PEERS = ['llguidance', 'xgrammar'] as const;
type Peer = (typeof PEERS)[number];

/** What PyPI has of them. */
const PACKAGES: Readonly<Record<Peer, readonly string[]>> = {
  llguidance: ['llguidance==1.9.1', 'numpy==2.4.6'],
  xgrammar: ['xgrammar==0.2.8'],
};

/** A heap that a grammar may fill. */
const HEAP_MIB = 1024;

const enginesOption: BenchOption<readonly Peer[]> = {
  flag: 'engines',
  value: 'NAME,...',
  meaning: `beside ours: ${PEERS.join()} (llguidance), or none. Installed from PyPI; xgrammar brings PyTorch`,
  read: (text = 'llguidance') => (text === 'none' ? [] : readNames('engines', text, PEERS)),
};

const pythonOption: BenchOption<string | undefined> = {
  flag: 'python',
  value: 'PATH',
  meaning: 'a Python that has them, in place of installing them',
  read: (text) => text,
};

const itemsOption: BenchOption<readonly CorpusItem[]> = {
  flag: 'only',
  value: 'TEXT',
  meaning: 'grammars whose name has the text',
  read: (text = '') => {
    const found = readGrammarCorpus().filter(({ name }) => name.includes(text));
    if (found.length > 0) return found;
    throw new EngineError('config_invalid', `no grammar has '${text}' in its name`);
  },
};

const OPTIONS = { peers: enginesOption, python: pythonOption, items: itemsOption };

export const GRAMMARS_MODE = benchMode({
  flag: 'grammars',
  about:
    'masks of the grammars and schemas of tests/fixtures/grammars beside llguidance and xgrammar, as Markdown\n' +
    "tables. Takes GPT-2's vocabulary from npm",
  options: OPTIONS,
  measure: benchGrammars,
  format: formatGrammars,
});

async function benchGrammars(
  { items, peers, python }: ParamsOf<typeof OPTIONS>,
  signal: AbortSignal,
): Promise<GrammarReport> {
  const loadBefore = readLoad();
  const { vocabulary, vocabSize } = await prepareVocabulary(signal);
  const contenders = new Map<GrammarEngine, GrammarContender>([['tokenflare', ours(vocabulary)]]);
  for (const peer of peers) {
    const environment = python === undefined ? await installPeer(peer, signal) : {};
    const script = join(ROOT, 'bench/peers/grammar_masks.py');
    contenders.set(peer, new GrammarContender([python ?? 'python3', script, peer, vocabulary], environment));
  }
  const rows: GrammarRow[] = [];
  try {
    for (const item of items) {
      signal.throwIfAborted();
      const row = await measureItem(item, contenders);
      rows.push(row);
      tell(`${rows.length} of ${items.length}: ${describeRow(row)}`);
    }
  } finally {
    await Promise.all([...contenders.values()].map((contender) => contender.stop()));
  }
  return { machine: describeMachine(loadBefore), vocabSize, rows };
}

/** One engine after the other, so that none takes processor time from another; peers read the texts that ours drew. */
async function measureItem(
  { name, kind, source }: CorpusItem,
  contenders: ReadonlyMap<GrammarEngine, GrammarContender>,
): Promise<GrammarRow> {
  const row: GrammarRow = { name, kind, outcomes: {} };
  let sequences: number[][] = [];
  for (const engine of GRAMMAR_ENGINES) {
    const order = engine === 'tokenflare' ? name : JSON.stringify({ kind, source, sequences });
    const outcome = await contenders.get(engine)?.run(order);
    if (outcome === undefined) continue;
    if ('sequences' in outcome) {
      ({ sequences = [] } = outcome);
      delete outcome.sequences;
    }
    row.outcomes[engine] = outcome;
  }
  return row;
}

function ours(vocabulary: string): GrammarContender {
  const { file, execArgv } = siblingProcess(import.meta.url, '../harness/grammar-worker');
  const flags = ['--expose-gc', `--max-old-space-size=${HEAP_MIB}`];
  return new GrammarContender([process.execPath, ...execArgv, ...flags, file, vocabulary]);
}

async function installPeer(peer: Peer, signal: AbortSignal): Promise<Record<string, string>> {
  const folder = join(CACHE, `grammars-${peer}`);
  const what = PACKAGES[peer];
  await installPythonPackages(folder, { what, key: what.join('\n') }, { signal });
  return { PYTHONPATH: folder };
}

/** GPT-2's tokens as bytes, in base64, without the one that ends a text. */
async function prepareVocabulary(signal: AbortSignal): Promise<{ vocabulary: string; vocabSize: number }> {
  const tokens = (await prepareGpt2Tokens(signal)).map((token) => Buffer.from(token).toString('base64'));
  const folder = join(CACHE, 'grammars');
  await mkdir(folder, { recursive: true });
  const vocabulary = join(folder, 'vocabulary.json');
  await writeFile(vocabulary, JSON.stringify({ tokens }));
  return { vocabulary, vocabSize: tokens.length };
}
