import { describe, expect, it } from 'vitest';
import { isTextOf } from '../../support/grammar/grammar-texts.ts';
import { compiled } from '../../support/grammar/json-schema.ts';

describe('a duration', () => {
  const duration = compiled({ type: 'string', format: 'duration' });

  it.each(['P1Y2M3DT4H5M6S', 'P1M2DT3H', 'P4W', 'PT1M2S', 'PT0S'])('may be %s', (text) => {
    expect(isTextOf(duration, JSON.stringify(text))).toBe(true);
  });

  // RFC 3339's grammar, which JSON Schema names, and llguidance keeps to.
  it.each(['P1Y2D', 'PT1H2S', 'P1W2D', 'P', 'PT', 'P1D2M', '1D'])('is not %s', (text) => {
    expect(isTextOf(duration, JSON.stringify(text))).toBe(false);
  });
});
