import { CASES } from '../chaos/cases/index.ts';
import { WEAKNESSES } from '../chaos/weaknesses.ts';
import { toTemplate } from '../routes/openapi-document.ts';
import { PROMISES } from '../routes/promises.ts';
import { basedRoutes } from '../routes/routes.ts';

/** Around a table of SECURITY.md that stands in code. Its cells are too long to be padded. */
const beginOf = (name: string): string =>
  `<!-- ${name}, by \`npm run cli-docs\`: -->\n<!-- prettier-ignore-start -->`;
const END = '<!-- prettier-ignore-end -->';

/** SECURITY.md with what is promised, and what shows it, as both are now. */
export const withPromises = (document: string): string =>
  withTable(withTable(document, 'Promises', promiseTable()), 'Weaknesses', weaknessTable());

function withTable(document: string, name: string, table: string): string {
  const [before = '', rest = ''] = document.split(beginOf(name));
  const end = rest.indexOf(END);
  return `${before}${beginOf(name)}\n\n${table}\n\n${rest.slice(end)}`;
}

function promiseTable(): string {
  const rows = Object.entries(PROMISES).map(([name, { feature, elsewhere, promised, tests }]) => {
    const paths = basedRoutes.filter((route) => route.promise === name).map(({ path }) => toTemplate(path));
    const where = [...paths.map(inCode), ...(elsewhere === '' ? [] : [elsewhere])];
    return [feature, where.join(', '), promised, shownBy(name, tests)];
  });
  return tableOf(['feature', 'where', 'promised', 'shown by'], rows);
}

function weaknessTable(): string {
  const rows = Object.entries(WEAKNESSES).map(([key, { name, published, answer, tests }]) => [
    ...[name, published, answer],
    shownBy(key, tests),
  ]);
  return tableOf(['class', 'published as', 'our answer', 'shown by'], rows);
}

function shownBy(name: string, tests: readonly string[]): string {
  const cases = CASES.filter(({ shows }) => (shows as readonly string[]).includes(name));
  return [...cases.map((one) => one.name), ...tests].map(inCode).join(', ');
}

const inCode = (text: string): string => `\`${text}\``;

const tableOf = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
