import { describe, expect, it } from 'vitest';
import { modelAliases } from '../../../src/config/setting-schemas.ts';
import { ModelAliases, nameIn, namesOf } from '../../../src/serving/model-aliases.ts';
import { ModelCatalog } from '../../../src/serving/model-catalog.ts';

const aliasesOf = (text: string): ModelAliases => new ModelAliases(modelAliases.parse(text));

/** A folder with models of these ids beside the default one. */
function catalogOf(aliases: string, ids: readonly string[] = []): ModelCatalog {
  const stored = ids.map((id) => ({
    id,
    location: `/models/${id}`,
    model: { id, path: `/models/${id}`, sizeBytes: 1, pulledAt: 1 },
  }));
  const scan = () => Promise.resolve(stored);
  return new ModelCatalog({ id: 'own', path: '/own' }, '/models', { aliases: aliasesOf(aliases), scan });
}

describe('MODEL_ALIASES', () => {
  it('is read as names and models', () => {
    expect(modelAliases.parse(' @cf/meta/*=llama , gpt-4o=own/m:Q4_K_M.gguf,')).toEqual([
      { name: '@cf/meta/*', modelId: 'llama' },
      { name: 'gpt-4o', modelId: 'own/m:Q4_K_M.gguf' },
    ]);
    expect(modelAliases.parse(undefined)).toEqual([]);
  });

  it.each([
    ['a', /'a' is no alias: write NAME=MODEL, or PREFIX\*=MODEL/],
    ['a=', /no alias/],
    ['=b', /no alias/],
    ['a*c=b', /no alias/],
    ['a=b*', /no alias/],
    ['a=b=c', /no alias/],
    ['a b=c', /no alias/],
    ['a=b,a=c', /'a' stands for two models, b and c/],
  ])('is refused: %s', (text, complaint) => {
    expect(() => modelAliases.parse(text)).toThrow(complaint);
  });
});

describe('a name', () => {
  it.each([
    ['gpt-4o', 'big'],
    // An exact alias goes before a model, a model before a prefix, and the longest prefix before a shorter one.
    ['small', 'big'],
    ['@cf/kept', '@cf/kept'],
    ['@cf/meta/llama-3.1-8b-instruct', 'big'],
    ['@cf/baai/bge-m3', 'small'],
    ['@cf/', 'small'],
    ['own', 'own'],
  ])('%s means %s', async (name, id) => {
    const catalog = catalogOf('gpt-4o=big,small=big,@cf/*=small,@cf/meta/*=big', [
      'big',
      'small',
      '@cf/kept',
    ]);
    expect((await catalog.find(name)).id).toBe(id);
  });

  it('that is served by nobody is told the models and the aliases', async () => {
    await expect(catalogOf('gpt-4o=own,@cf/*=own').find('other')).rejects.toMatchObject({
      code: 'model_not_found',
      message:
        "the model 'other' is not served here; these are: own; and by other names: gpt-4o (own), @cf/* (own)",
    });
  });

  it('whose model is not there is told which that is', async () => {
    await expect(catalogOf('@cf/*=gone').find('@cf/x')).rejects.toMatchObject({
      code: 'model_not_found',
      message: expect.stringContaining(
        "the model '@cf/x' stands for 'gone', which is not served here",
      ) as string,
    });
  });

  it('leads to a model and no further', async () => {
    await expect(catalogOf('a=b,b=own').find('a')).rejects.toMatchObject({ code: 'model_not_found' });
  });

  it('by a prefix costs no look into the folder more often than once a second', async () => {
    let numLooks = 0;
    const scan = () => {
      numLooks++;
      return Promise.resolve([]);
    };
    const options = { aliases: aliasesOf('@cf/*=own'), scan };
    const catalog = new ModelCatalog({ id: 'own', path: '/own' }, '/models', options);
    for (let index = 0; index < 100; index++) await catalog.find(`@cf/${index}`);
    expect(numLooks).toBe(1);
    await expect(catalog.find('other')).rejects.toMatchObject({ code: 'model_not_found' });
    expect(numLooks).toBe(2);
  });

  it('may be an id that is written short', async () => {
    const catalog = catalogOf('short=owner/name:Q4_K_M', ['owner/name:name-Q4_K_M.gguf']);
    expect((await catalog.find('short')).id).toBe('owner/name:name-Q4_K_M.gguf');
  });
});

it('a model has names of its own, and is called as it was asked for', () => {
  const model = { id: 'own', aliases: ['gpt-4o', '@cf/*'] };
  expect(namesOf(model)).toEqual(['own', 'gpt-4o']);
  const asked = ['own', 'gpt-4o', '@cf/meta/llama', 'ow'];
  expect(asked.map((name) => nameIn(model, name))).toEqual(['own', 'gpt-4o', '@cf/meta/llama', 'own']);
});
