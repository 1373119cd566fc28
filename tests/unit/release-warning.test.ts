import { expect, it } from 'vitest';
import { releaseWarning } from '../../src/release-warning.ts';

it.each(['20.20.2', '20.21.0', '22.22.2', '24.14.1', '24.21.0', '25.0.0', '26.1.0'])(
  'says nothing of Node %s',
  (version) => {
    expect(releaseWarning(version)).toBeUndefined();
  },
);

it.each([
  ['20.12.0', /20\.20\.2 mends/],
  ['20.20.1', /20\.20\.2 mends/],
  ['22.9.0', /22\.22\.2 mends/],
  ['24.14.0', /24\.14\.1 mends/],
  ['21.7.3', /gets no security fixes/],
  ['18.20.8', /gets no security fixes/],
])('warns of Node %s', (version, text) => {
  expect(releaseWarning(version)).toMatch(text);
});
