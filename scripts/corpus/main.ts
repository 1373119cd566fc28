import { parseArgs } from 'node:util';
import { generate } from './generate.ts';

/** `npm run corpus`: has a larger model write what the embedded one learns from. docs/training.md says how. */

const USAGE = `npm run corpus -- generate --model FILE --out DIR   has the teacher write stories; goes on where it was stopped
  --plans N        stories that are asked for (20000)
  --candidates N   texts for each, of which the best is kept (2)
  --concurrency N  stories at once (16)
  --threads N      that compute
`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: 'string' },
    out: { type: 'string' },
    plans: { type: 'string', default: '20000' },
    candidates: { type: 'string', default: '2' },
    concurrency: { type: 'string', default: '16' },
    threads: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const { model, out, threads } = values;
if (values.help || positionals[0] !== 'generate' || model === undefined || out === undefined) {
  process.stderr.write(USAGE);
  process.exit(values.help ? 0 : 1);
}
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
await generate(
  {
    model,
    out,
    numPlans: Number(values.plans),
    numCandidates: Number(values.candidates),
    concurrency: Number(values.concurrency),
    threads: threads === undefined ? undefined : Number(threads),
  },
  stop.signal,
);
