import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { check, setup } from './check.mjs';
import { ALIASES, ASKS } from './worker-asks.mjs';

const { client, embeddingModel, model, texts, url } = setup;
const options = JSON.stringify({ url, models: ALIASES(setup) });
const REPORT = 'vitest-report.json';

// It runs in workerd, and asks the Worker that the configuration names.
writeFileSync(
  'worker.test.mjs',
  `import { SELF } from 'cloudflare:test';
import { it } from 'vitest';
import { ASKS } from './worker-asks.mjs';
const ask = (method, args, { raw } = {}) =>
  SELF.fetch('http://worker/', { method: 'POST', body: JSON.stringify({ method, args, raw }) });
for (const [name, asks] of Object.entries(ASKS)) it(name, () => asks(ask, ${JSON.stringify({ embeddingModel, model, texts })}));
`,
);
writeFileSync(
  'vitest.config.mjs',
  `import { cloudflareTest } from '@cloudflare/${client}';
import { localAI } from 'tokenflare/vitest';
export default {
  plugins: [cloudflareTest({ wrangler: { configPath: './wrangler.jsonc' }, ...localAI(${options}) })],
  test: { include: ['worker.test.mjs'], reporters: ['json'], outputFile: '${REPORT}' },
};
`,
);

const { status, stdout, stderr } = spawnSync(process.execPath, ['node_modules/vitest/vitest.mjs', 'run'], {
  encoding: 'utf8',
  timeout: 120_000,
});
const { readFileSync } = await import('node:fs');
const found = status === null ? [] : readTests();
for (const name of Object.keys(ASKS)) {
  await check(name, () => {
    const test = found.find(({ title }) => title === name);
    if (test?.status !== 'passed')
      throw new Error(test?.failureMessages.join('\n') ?? `it did not run: ${stdout}${stderr}`);
  });
}
await check('Vitest ends by itself, without an error', () => {
  if (status !== 0) throw new Error(`it ended with ${status}: ${stdout}${stderr}`);
});

function readTests() {
  try {
    return JSON.parse(readFileSync(REPORT, 'utf8')).testResults.flatMap(
      ({ assertionResults }) => assertionResults,
    );
  } catch {
    return [];
  }
}
