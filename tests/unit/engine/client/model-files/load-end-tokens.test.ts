import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadEndTokens } from '../../../../../src/engine/client/model-files/read-model-files.ts';
import { tempDirectory } from '../../../../support/temp-directory.ts';

const TOKENIZER = { eosTokenIds: [2], controlTokens: new Map([['<|im_end|>', 7]]) };

describe('loadEndTokens', () => {
  it('takes those of config.json, of the tokenizer and those known by their text', async () => {
    expect(await loadEndTokens(tempDirectory(), [1], TOKENIZER)).toEqual([1, 2, 7]);
  });

  it('takes those of generation_config.json in the place of config.json, as transformers does', async () => {
    const directory = tempDirectory();
    writeFileSync(join(directory, 'generation_config.json'), JSON.stringify({ eos_token_id: [5, 6] }));
    expect(await loadEndTokens(directory, [1], TOKENIZER)).toEqual([5, 6, 2, 7]);
  });

  it.each(['{', '[]', '{"eos_token_id":"x"}', '{"eos_token_id":-1}'])('refuses %s', async (text) => {
    const directory = tempDirectory();
    writeFileSync(join(directory, 'generation_config.json'), text);
    await expect(loadEndTokens(directory, [1], TOKENIZER)).rejects.toMatchObject({
      code: expect.stringMatching(/_invalid$/) as string,
    });
  });
});
