import { describe, expectTypeOf, it } from 'vitest';
import type { ModelListBody } from '../../../routes/openai/schemas/models.ts';
import type { ModelList } from '../../../src/page/service/wire.ts';

/** Checked by the compiler, in `npm run check`. */
describe("the page's types of answers", () => {
  it('are what the service sends', () => {
    expectTypeOf<ModelListBody>().toExtend<ModelList>();
  });
});
