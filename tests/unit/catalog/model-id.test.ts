import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { folderOfId, modelIdOfFolder, parsePullRequest } from '../../../src/catalog/model-id.ts';
import { isSafePath } from '../../../src/catalog/safe-path.ts';

describe('ids and folders', () => {
  it.each([
    ['owner/name', 'owner--name'],
    ['owner/name:FILE.gguf', 'owner--name--FILE.gguf'],
    ['o-1/n_2.5:sub/A--B 1.gguf', 'o-1--n_2.5--sub%2FA--B%201.gguf'],
    ['owner/name:-x.gguf', 'owner--name---x.gguf'],
    ['my-model', 'my-model'],
    ['a--', 'a--'],
    ['--a', '--a'],
    ['a---b', 'a---b'],
    ['owner--name--%zz', 'owner--name--%zz'],
    ['owner--name--..%2Fx', 'owner--name--..%2Fx'],
    ['owner--name--%46.gguf', 'owner--name--%46.gguf'],
  ])('%s lies in %s', (id, folder) => {
    expect(modelIdOfFolder(folder)).toBe(id);
    expect(folderOfId(id)).toBe(folder);
  });

  const name = fc.stringMatching(/^[a-zA-Z0-9]([-._]?[a-zA-Z0-9]){0,8}$/);
  const file = fc
    .string({
      unit: fc.constantFrom('a', 'Z', '0', '-', '_', '.', '%', ' ', '+', 'é', '/'),
      minLength: 1,
      maxLength: 20,
    })
    .filter(isSafePath);

  it('lead back to each other, whatever the hub allows', () => {
    fc.assert(
      fc.property(name, name, fc.option(file, { nil: undefined }), (owner, repository, path) => {
        const id = path === undefined ? `${owner}/${repository}` : `${owner}/${repository}:${path}`;
        const folder = folderOfId(id);
        expect(folder).not.toMatch(/[/\\]/);
        expect(modelIdOfFolder(folder)).toBe(id);
      }),
    );
  });

  it('are never shared by two folders', () => {
    const folder = fc.string({
      unit: fc.constantFrom('a', 'b', '-', '.', '%', '2', 'F', '_'),
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(folder, folder, (a, b) => {
        expect(modelIdOfFolder(a) === modelIdOfFolder(b)).toBe(a === b);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('parsePullRequest', () => {
  it.each([
    ['owner/name', { repository: 'owner/name', selector: undefined, revision: 'main' }],
    ['owner/name:Q4_K_M', { repository: 'owner/name', selector: 'Q4_K_M', revision: 'main' }],
    ['o/n:sub/F.gguf@v1.0', { repository: 'o/n', selector: 'sub/F.gguf', revision: 'v1.0' }],
    ['o/n@refs/pr/1', { repository: 'o/n', selector: undefined, revision: 'refs/pr/1' }],
  ])('reads %s', (text, request) => {
    expect(parsePullRequest(text)).toEqual(request);
  });

  it.each([
    'gpt2',
    '',
    'a/b/c',
    '../b',
    'a/..',
    'a/b@',
    'a/b:',
    'a/b@-x',
    'a/b@a..b',
    'a--b/c',
    'a/b c',
    'a/b\nc',
  ])('%j is none', (text) => {
    expect(() => parsePullRequest(text)).toThrow(expect.objectContaining({ code: 'invalid_request' }));
  });
});
