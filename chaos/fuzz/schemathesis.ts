import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'yaml';
import { CACHE, installPythonEnvironment, ROOT } from '../../scripts/install-packages.ts';

/** The schema-driven fuzzer of PyPI, in an environment of its own. */
const VERSION = '4.32.5';

const ENVIRONMENT = join(CACHE, `schemathesis-${VERSION}`);
/** The service's document, in the form that it takes. */
const DOCUMENT = join(ENVIRONMENT, 'openapi.json');
/** What it said last. */
const REPORT = join(ENVIRONMENT, 'last-report.txt');
const MAX_OUTPUT_BYTES = 64 * 2 ** 20;
/** Of these paths the bodies are those of others, with the same handlers: the short form leaves them out. */
const REPEATED_PATHS =
  '^/(ai/v1/|client/v4/|gateway/|workers-binding/(run|vectorize|ai-gateway/(run|universal))|ai/run$)';
/** Of each operation, in the full form: some 30,000 requests in all. */
const FULL_EXAMPLES = 300;
const MAX_CONDITIONS = 3;
const run = promisify(execFile);

export type SchemathesisOutcome =
  | { type: 'missing'; reason: string }
  /** `failures` is empty where all was as the document says. */
  | { type: 'ran'; numCases: number; failures: string };

/** `isFull`: random requests beside the deliberate ones, and the paths below Cloudflare's bases. */
export async function runSchemathesis(
  url: string,
  { seed, isFull }: { seed: number; isFull: boolean },
): Promise<SchemathesisOutcome> {
  try {
    await installSchemathesis();
  } catch (error) {
    return { type: 'missing', reason: `schemathesis cannot be installed: ${String(error).slice(0, 200)}` };
  }
  const document: unknown = parse(readFileSync(join(ROOT, 'openapi.yaml'), 'utf8'));
  writeFileSync(DOCUMENT, JSON.stringify(asItTakes(document)));
  const args = [
    'run',
    DOCUMENT,
    ...['--url', url, '--seed', String(seed), '--workers', '1'],
    ...['--phases', isFull ? 'coverage,fuzzing' : 'coverage', '--max-examples', String(FULL_EXAMPLES)],
    ...['--checks', 'status_code_conformance,content_type_conformance,response_schema_conformance'],
    ...['--no-shrink', '--continue-on-failure', '--max-redirects', '0', '--request-timeout', '20'],
    ...(isFull ? [] : ['--exclude-path-regex', REPEATED_PATHS]),
    // It would run benchmarks, and read the document's own text as an object.
    ...['--exclude-path', '/benchmark', '--exclude-path', '/openapi.yaml', '--warnings', 'off'],
  ];
  const { output, hasFailed } = await run(join(ENVIRONMENT, 'bin/schemathesis'), args, {
    maxBuffer: MAX_OUTPUT_BYTES,
    // It leaves its reports and its memory of failures where it runs.
    cwd: ENVIRONMENT,
  }).then(
    ({ stdout }) => ({ output: stdout, hasFailed: false }),
    (error: unknown) => ({ output: outputOf(error), hasFailed: true }),
  );
  writeFileSync(REPORT, output);
  const numCases = Number(/([\d,]+) generated/.exec(output)?.[1]?.replaceAll(',', '') ?? 0);
  return { type: 'ran', numCases, failures: hasFailed || numCases === 0 ? failuresIn(output) : '' };
}

/**
 * The document as schemathesis takes it. A stream's schema is that of an event's data there, as in OpenAI's own document;
 * schemathesis wants that of the event, whose data are text. And it makes no random bodies by more than three conditions
 * on one object: without them it makes some that break them, which are refused.
 */
function asItTakes(value: unknown, key?: string): unknown {
  if (Array.isArray(value)) return value.map((entry) => asItTakes(entry));
  if (typeof value !== 'object' || value === null) return value;
  if (key === 'text/event-stream' && 'schema' in value) {
    const json = { contentMediaType: 'application/json', contentSchema: value.schema };
    const data = { type: 'string', anyOf: [{ const: '[DONE]' }, json] };
    return { schema: { type: 'object', required: ['data'], properties: { data } } };
  }
  const entries = Object.entries(value).filter(
    ([name, entry]) =>
      name !== 'allOf' || !('properties' in value) || (entry as unknown[]).length <= MAX_CONDITIONS,
  );
  return Object.fromEntries(entries.map(([name, entry]) => [name, asItTakes(entry, name)]));
}

/** What a command wrote that ended with a status of its own. */
function outputOf(error: unknown): string {
  const { stdout } = error as { stdout?: unknown };
  return typeof stdout === 'string' && stdout !== '' ? stdout : String(error);
}

/** Installs it once. */
export async function installSchemathesis(): Promise<void> {
  const requirement = `schemathesis==${VERSION}`;
  await installPythonEnvironment(ENVIRONMENT, { what: [requirement], key: requirement });
}

/** The report's part on failures and errors, without its frames, in a few lines. */
function failuresIn(output: string): string {
  const start = output.search(/^=+ (?:ERRORS|FAILURES) =+$/m);
  const lines = output
    .slice(Math.max(start, 0))
    .split('\n')
    .map((line) => line.replaceAll(/[_=]{3,}/g, '').trim())
    .filter(Boolean);
  return `${lines.join('; ').slice(0, 1500)} (all of it in ${REPORT})`;
}
