import { readFileSync, writeFileSync } from 'node:fs';
import { CLIENTS, type ClientUnderTest } from './client-under-test.ts';
import { readPackage, type CellResult } from './run-client.ts';

const BEGIN = '<!-- clients:begin -->';
const END = '<!-- clients:end -->';
const NO_CELL = '–';

/** A table in Markdown: a row for each client, a column for each version of Node and one for Python. */
export async function formatMatrix(results: readonly CellResult[]): Promise<string> {
  const runtimes = [...new Set(results.map(({ runtime }) => runtime))];
  const rows: string[] = [];
  for (const client of CLIENTS) {
    const cells = results.filter((result) => result.client === client.name);
    if (cells.length === 0) continue;
    const { title, engine } = await describe(client);
    const texts = runtimes.map((runtime) =>
      cellText(
        cells.find((cell) => cell.runtime === runtime),
        engine,
      ),
    );
    rows.push(`| ${[title, ...texts].join(' | ')} |`);
  }
  return [`| client | ${runtimes.join(' | ')} |`, `|${' --- |'.repeat(runtimes.length + 1)}`, ...rows].join(
    '\n',
  );
}

async function describe({
  name,
  title,
  main,
}: ClientUnderTest): Promise<{ title: string; engine?: string | undefined }> {
  if (main === undefined) return { title: `\`${title}\`` };
  const { version, engines } = await readPackage(name, main);
  return { title: `\`${title}\` ${version}`, engine: engines?.node };
}

function cellText(cell: CellResult | undefined, engine: string | undefined): string {
  if (cell === undefined) return NO_CELL;
  const { checks, runtime, skipped } = cell;
  if (skipped !== undefined) return `not run: ${skipped}`;
  const numFailed = checks.filter(({ ok }) => !ok).length;
  const text = numFailed === 0 ? `passed ${checks.length}` : `**failed ${numFailed} of ${checks.length}**`;
  return isTaken(engine, runtime) ? text : `${text} (not in its \`engines\`)`;
}

/** The clients' `engines` are of the form `>=22` or `>=22.12`. */
function isTaken(engine: string | undefined, runtime: string): boolean {
  const lowest = /^>=\s*(\d+)/.exec(engine ?? '')?.[1];
  const major = /^node (\d+)$/.exec(runtime)?.[1];
  return lowest === undefined || major === undefined || Number(major) >= Number(lowest);
}

/** Puts the table between its marks in a document. @throws Error when it has no marks */
export function writeMatrix(path: string, matrix: string): void {
  const document = readFileSync(path, 'utf8');
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin === -1 || end < begin) throw new Error(`${path} has no ${BEGIN} … ${END}`);
  writeFileSync(path, `${document.slice(0, begin + BEGIN.length)}\n\n${matrix}\n\n${document.slice(end)}`);
}
