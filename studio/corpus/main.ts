import { parseArgs } from 'node:util';
import { ECHO_SHARE } from './document.ts';
import { make } from './make.ts';
import { share, wholeNumber } from '../../scripts/read-numbers.ts';
import { weigh } from './weigh.ts';

/** `npm run corpus`: makes what the embedded model learns from. studio/README.md says how. */

const USAGE = `npm run corpus -- make --out DIR   writes documents.jsonl and manifest.json
  --count N      documents that are told (20000)
  --seed N       of all choices (1)
  --echoes S     share of the documents whose answers stand in what was said (0.2)

npm run corpus -- weigh --model FILE --out studio/corpus/phrase-bits.json   measures what each phrasing costs a larger model
  --count N      stories that are measured (1500)
  --batch N      stories at once (64)
  --threads N    of the model
  --seed as above
`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    out: { type: 'string' },
    count: { type: 'string' },
    seed: { type: 'string', default: '1' },
    echoes: { type: 'string', default: String(ECHO_SHARE) },
    model: { type: 'string' },
    batch: { type: 'string', default: '64' },
    threads: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const [command] = positionals;
const { out, model } = values;
if (values.help) quit(0);
if (out === undefined || (command !== 'make' && command !== 'weigh')) quit(1);
const common = {
  out,
  seed: wholeNumber('seed', values.seed),
  report: (line: string) => process.stderr.write(`${line}\n`),
};
if (command === 'weigh') {
  if (model === undefined) quit(1);
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const options = {
    ...common,
    model,
    count: wholeNumber('count', values.count ?? '1500', 1),
    batch: wholeNumber('batch', values.batch, 1),
    threads: values.threads === undefined ? undefined : wholeNumber('threads', values.threads, 1),
  };
  await weigh(options, stop.signal);
} else {
  await make({
    ...common,
    count: wholeNumber('count', values.count ?? '20000'),
    echoShare: share('echoes', values.echoes),
  });
}

function quit(code: 0 | 1): never {
  process.stderr.write(USAGE);
  process.exit(code);
}
