import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeApiKey } from '../src/access/api-key.ts';
import { createKey } from '../src/access/edit-keys.ts';
import { writeKeyFile } from '../src/access/key-file.ts';
import { KeyRing } from '../src/access/key-ring.ts';

/**
 * Whether the time of a check tells how near a wrong key is: `npx tsx scripts/time-keys.ts`. Kinds of keys in turns,
 * many checks a reading, quartiles of the readings. Times are noise on a busy machine, so no test asserts them.
 */

const NUM_KEYS = 1000;
const NUM_READINGS = 400;
const CHECKS_A_READING = 250;

async function main(path: string): Promise<void> {
  const common = { isAdmin: false, limits: {}, models: undefined, expiresAt: undefined };
  const { text: key, key: stored } = await createKey(path, { ...common, name: 'key' });
  const others = Array.from({ length: NUM_KEYS - 1 }, (_, i) => ({
    ...stored,
    id: makeApiKey().id,
    name: `key-${i}`,
  }));
  await writeKeyFile(path, [stored, ...others]);
  const ring = await KeyRing.open({ path, mayBeMissing: false });
  const other = (character = ''): string => (character === 'A' ? 'E' : 'A');
  const kinds: Record<string, string> = {
    valid: key,
    'last character wrong': key.slice(0, -1) + other(key.at(-1)),
    'first character of the secret wrong': key.slice(0, 21) + other(key[21]) + key.slice(22),
    'unknown id': makeApiKey().text,
    'no key, as long': 'x'.repeat(key.length),
  };
  const readings = new Map(Object.keys(kinds).map((kind) => [kind, [] as number[]]));
  for (let i = -20; i < NUM_READINGS; i++) {
    for (const [kind, text] of Object.entries(kinds)) {
      const startNs = process.hrtime.bigint();
      for (let j = 0; j < CHECKS_A_READING; j++) await ring.check([text]);
      const durationNs = Number(process.hrtime.bigint() - startNs) / CHECKS_A_READING;
      // The first ones are compiled.
      if (i >= 0) readings.get(kind)?.push(durationNs);
    }
  }
  console.log('nanoseconds a check: first quartile, median, third quartile');
  for (const [kind, values] of readings) {
    const sorted = values.toSorted((a, b) => a - b);
    const quartiles = [1, 2, 3].map((n) =>
      sorted[Math.floor((n * sorted.length) / 4)]?.toFixed(0).padStart(7),
    );
    console.log(`${kind.padEnd(36)} ${quartiles.join(' ')}`);
  }
}

const folder = mkdtempSync(join(tmpdir(), 'tokenflare-time-keys-'));
try {
  await main(join(folder, 'keys.json'));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
