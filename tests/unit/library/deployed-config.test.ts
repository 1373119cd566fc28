import { expect, it } from 'vitest';
import { deployedConfigWarning } from '../../../src/library/miniflare/deployed-config.ts';

const WRANGLER = '/app/node_modules/wrangler/wrangler-dist/cli.js';
const warn = (words: string[], more: object = {}): string | undefined =>
  deployedConfigWarning({ argv: ['node', WRANGLER, ...words], execArgv: [], env: {}, ...more });

it('who runs wrangler dev on what is deployed is warned', () => {
  expect(warn(['dev'])).toContain('wrangler dev -e local');
  expect(warn(['dev', '--port', '8080'])).toBeDefined();
});

it.each([
  [['dev', '-e', 'local']],
  [['dev', '--env=local']],
  [['dev', '-c', 'wrangler.local.jsonc']],
  [['--config', 'wrangler.local.jsonc', 'dev']],
  [['pages', 'dev']],
  [['types']],
])('of %j nothing is said', (words) => expect(warn(words)).toBeUndefined());

it('nothing is said of an environment by its variable, of our own command, and of other tools', () => {
  expect(warn(['dev'], { env: { CLOUDFLARE_ENV: 'local' } })).toBeUndefined();
  expect(warn(['dev'], { execArgv: ['--import', 'file:///x/miniflare/preload.js?%7B%7D'] })).toBeUndefined();
  expect(warn([], { argv: ['node', '/app/node_modules/vite/bin/vite.js', 'dev'] })).toBeUndefined();
});
