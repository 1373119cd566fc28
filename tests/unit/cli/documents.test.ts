import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { EXIT_CODES } from '../../../src/cli/exit-codes.ts';
import { CHAT_COMMANDS } from '../../../src/cli/talk/read-input.ts';
import { withReference } from '../../../scripts/cli-reference.ts';

const textOf = (name: string): string => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');

it('docs/cli.md has the help of each command: else run `npm run cli-docs`', async () => {
  const document = textOf('docs/cli.md');
  expect(document).toBe(await withReference(document));
  expect(document).toContain('Usage: tokenflare keys create [options] <name>');
});

it('docs/cli.md has the exit codes and the commands of the conversation', () => {
  const rows = textOf('docs/cli.md')
    .match(/^\| \d+ /gm)
    ?.map((row) => Number(row.slice(2)));
  expect(rows).toEqual(Object.values(EXIT_CODES));
  for (const [usage] of CHAT_COMMANDS) {
    if (usage !== '/help') expect(textOf('docs/cli.md')).toContain(`\`${usage.split(' ')[0] ?? ''}\``);
  }
});

it('what the documents have people train into is not put under version control', () => {
  const [, folder] = /--out (\S+)/.exec(textOf('studio/README.md')) ?? [];
  expect(textOf('.gitignore').split('\n')).toContain(`/${folder ?? '?'}/`);
});

it('npm scripts call the command', () => {
  const { scripts } = parse(textOf('package.json')) as { scripts: Record<string, string> };
  expect(scripts['start']).toMatch(/ scripts\/run\.mjs$/);
  expect(scripts['tokenflare']).toBe(scripts['start']);
  for (const name of ['models', 'keys', 'doctor', 'bits-per-byte'])
    expect(scripts[name]).toMatch(new RegExp(` scripts/run\\.mjs ${name}$`));
  expect(scripts['train']).toMatch(/ dist\/src\/cli\/main\.js train$/);
});
