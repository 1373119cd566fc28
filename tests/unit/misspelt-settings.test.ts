import { expect, it } from 'vitest';
import { misspeltSettings } from '../../src/config/misspelt-settings.ts';
import { SETTINGS } from '../../src/config/settings.ts';

it.each([
  ['MAX_QUEUED_REQUEST', 'MAX_QUEUED_REQUESTS'],
  ['MAX_QUEUED_REQUESTSS', 'MAX_QUEUED_REQUESTS'],
  ['MAX_QUEUD_REQUESTS', 'MAX_QUEUED_REQUESTS'],
  ['MAX_QEUUED_REQUESTS', 'MAX_QUEUED_REQUESTS'],
  ['MAX-QUEUED_REQUESTS', 'MAX_QUEUED_REQUESTS'],
  ['MODEL_DIR', 'MODELS_DIR'],
  ['MODELS', 'MODEL'],
  ['XMODEL', 'MODEL'],
  ['MODELDIR', 'MODELS_DIR'],
  ['KEYFILE', 'KEYS_FILE'],
  ['PROT', 'PORT'],
  ['HSOT', 'HOST'],
  ['TOKENFLARE_PORT', 'PORT'],
  ['TOKENFLARE_KEY', undefined],
  ['TOKENFLARE_MODE', undefined],
  ['MODE', undefined],
  ['POST', undefined],
  ['HOSTNAME', undefined],
  ['MAX_QUEUE_REQUEST', undefined],
])('%s looks like %s', (variable, setting) => {
  const found = misspeltSettings({ [variable]: '1', PATH: '/bin', HOME: '/root' });
  expect(found).toEqual(setting === undefined ? [] : [{ variable, setting }]);
});

it('says nothing of the settings themselves', () => {
  const all = Object.values(SETTINGS).map(({ env }) => [env, '1']);
  expect(misspeltSettings(Object.fromEntries(all) as NodeJS.ProcessEnv)).toEqual([]);
});
