import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { build, freePort } from '../support/process.ts';
import { runProgram, tokenflare, type Finished } from '../support/run-command.ts';
import { TINY_MODEL } from '../support/service.ts';
import { tempDirectory } from '../support/temp-directory.ts';

beforeAll(build);

describe('a command line that is wrong ends with 2 and says where help is', () => {
  it.each([
    [['--prot', '9'], /unknown option '--prot'\n\(Did you mean --port\?\)\n'tokenflare serve --help' says/],
    [['--port', 'abc'], /--port is 'abc': must be a whole number\n'tokenflare serve --help' says/],
    [['serve', 'a', 'b'], /too many arguments for 'serve'/],
    [['9000'], /unknown command '9000'\n'tokenflare --help' says/],
    [['train'], /name the text files to train on/],
    [['train', 'a.txt'], /--out is needed/],
    [['bits-per-byte'], /missing required argument 'files'/],
    [['complete', 'a', '--max-tokens', 'many'], /'many' is invalid.* It must be a whole number/],
    [['complete'], /there is no text to go on with/],
    [['chat'], /standard input has no question/],
  ])('%j', async (args, message) => {
    const { status, stdout, stderr } = await tokenflare(args);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^tokenflare: /);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  });
});

describe('a start that fails says why, in one line', () => {
  const emptyFolder = (): string => tempDirectory();
  const brokenModel = (): string => {
    const folder = tempDirectory();
    for (const name of ['config.json', 'tokenizer.json']) writeFileSync(join(folder, name), '{');
    return folder;
  };

  const folderWith = (...names: string[]): string => {
    const folder = tempDirectory();
    for (const name of names) writeFileSync(join(folder, name), '{}');
    return folder;
  };
  const adapter = (): string =>
    folderWith('adapter_config.json', 'adapter_model.safetensors', 'tokenizer.json');
  const pickle = (): string => folderWith('config.json', 'pytorch_model.bin', 'tokenizer.json');

  it.each([
    ['THREADS', () => 'abc', /config_invalid: THREADS is 'abc': must be a whole number/],
    ['MODEL', () => '/nope', /config_invalid: MODEL is '\/nope': there is no such file or folder/],
    ['MODEL', emptyFolder, /config_invalid: .*the folder is empty; a model is a folder with config\.json/],
    ['MODEL', () => 'README.md', /config_invalid: .*it is a file and no GGUF; a model is a folder with/],
    ['MODEL', brokenModel, /config\.json|tokenizer\.json/],
    ['MODEL', adapter, /config_invalid: .*it is an adapter \(LoRA\).*merge it into the model/],
    ['MODEL', pickle, /config_invalid: .*PyTorch's \(pytorch_model\.bin\).*write them as safetensors/],
    ['MODELS_DIR', () => 'README.md', /config_invalid: MODELS_DIR is '.*README\.md', which is a file/],
    [
      'GENERATION_CONFIG',
      () => '/nope.json',
      /config_invalid: GENERATION_CONFIG is '\/nope\.json': .*ENOENT/,
    ],
  ])('%s=%o', async (name, valueOf, message) => {
    const environment = { PORT: '0', RUNTIME: 'cpu', [name]: valueOf() };
    const { status, stdout, stderr } = await tokenflare([], environment);
    expect(stderr).toMatch(message);
    expect(stderr).toMatch(/^tokenflare cannot start: .*\n$/);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
  });
});

describe('npm', () => {
  it.each([
    [
      ['start', '--port', '9000'],
      /npm took --port for itself; flags come after --: npm start -- --port 9000/,
    ],
    [
      ['start', '--port=9000'],
      /npm took --port 9000 for itself; flags come after --: npm start -- --port 9000/,
    ],
  ])('%j is told where flags go', async (args, message) => {
    const { status, stderr } = await runProgram(['npm', ...args], { PORT: await freePort() });
    expect(stderr).toMatch(message);
    expect(status).toBe(2);
  });

  it.each([
    ['train', /Usage: tokenflare train \[options\] \[files\.\.\.\]/],
    ['bits-per-byte', /Usage: tokenflare bits-per-byte \[options\] <files\.\.\.>/],
    ['bench', /^npm run bench -- \[options\]/m],
    ['test:gpu', /npm run test:gpu/],
  ])('run %s -- --help helps, and does nothing else', async (script, usage) => {
    const { status, stdout, stderr } = await runProgram(['npm', 'run', '--silent', script, '--', '--help']);
    expect(stdout).toMatch(usage);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

it.each(['--help', 'serve --help', 'help chat'])('%s ends when nothing reads it any more', async (words) => {
  const command = `"${process.execPath}" dist/src/cli/main.js ${words} | true`;
  const { status, stderr } = await runProgram(['bash', '-c', command]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

describe('tokenflare bits-per-byte', () => {
  it('measures a text', async () => {
    const path = join(tempDirectory(), 'a.txt');
    writeFileSync(path, 'The river was wide and the fox was small.\n');
    const { status, stdout, stderr } = await tokenflare(['bits-per-byte', path, '--context', '16'], {
      MODEL: TINY_MODEL,
      RUNTIME: 'cpu',
    });
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^\d+\.\d{5} bits per byte: \d+ tokens, 42 bytes, windows of 16; tfjs cpu/);
    expect(status).toBe(0);
  });

  it('says which file cannot be read', async () => {
    const { status, stderr } = await tokenflare(['bits-per-byte', '/nope.txt'], { RUNTIME: 'cpu' });
    expect(stderr).toMatch(/^cannot read \/nope\.txt: .*ENOENT.*\n$/);
    expect(status).toBe(1);
  });
});

describe('tokenflare train', () => {
  const SIZES = ['--context', '16', '--dim', '32', '--layers', '1', '--heads', '2', '--threads', '1'];
  const TINY = 'hello world hello world. ';
  const SMALL = 'The fox ran. The owl sat in a tree.\n'.repeat(30);

  async function train(text: string, ...args: string[]): Promise<Finished & { out: string }> {
    const folder = tempDirectory();
    const [file, out] = [join(folder, 'a.txt'), join(folder, 'model')];
    writeFileSync(file, text);
    return { ...(await tokenflare(['train', file, '--out', out, ...args])), out };
  }

  it.each([
    [TINY, /^the corpus is too small: .*take more text\n$/],
    [SMALL, /^the corpus is too small: it has 540 tokens .* needs 1024; take more text, or --context 264\n$/],
    ['ab', /^the corpus is too small: in its 2 bytes hardly a pair of letters occurs twice/],
  ])('refuses a corpus that is too small, and writes nothing', async (text, message) => {
    const { status, stderr, out } = await train(text);
    expect(stderr).toMatch(message);
    expect(status).toBe(1);
    expect(existsSync(out)).toBe(false);
  });

  it('says how long it would take, and writes nothing', async () => {
    const { status, stderr, out } = await train(SMALL, '--estimate', ...SIZES);
    expect(stderr).toMatch(/^the corpus gives a vocabulary of 272 tokens, not 3072\n\d+ parameters, /);
    expect(stderr).toMatch(/\nabout \d+ (s|min|h \d+ min) for 2300 steps, by the first of them /);
    expect(status).toBe(0);
    expect(existsSync(out)).toBe(false);
  });

  it('keeps the run that is in a folder, unless it is told to go on with it or to remove it', async () => {
    const folder = tempDirectory();
    const [file, out] = [join(folder, 'a.txt'), join(folder, 'model')];
    writeFileSync(file, SMALL);
    const again = (...flags: string[]): Promise<Finished> =>
      tokenflare(['train', file, '--out', out, ...SIZES, ...flags]);
    const bytesOf = (): string[] =>
      readdirSync(out).map((name) => readFileSync(join(out, name)).toString('base64'));
    expect(await again('--steps', '2', '--resume')).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('has no checkpoint that --resume could go on from') as string,
    });
    expect(existsSync(out)).toBe(false);
    expect((await again('--steps', '2')).status).toBe(0);
    const before = bytesOf();

    const refused = await again('--steps', '2');
    expect(refused.status).toBe(1);
    expect(refused.stderr).toMatch(/checkpoint\.safetensors.*--resume goes on.*--overwrite removes it/);
    const others = await again('--steps', '2', '--resume', '--dim', '64', '--seed', '7');
    expect(others.status).toBe(1);
    expect(others.stderr).toContain('has other flags: --dim 32 (not 64), --seed 1 (not 7); --resume');
    const both = await again('--steps', '2', '--resume', '--overwrite');
    expect(both).toMatchObject({ status: 1, stderr: expect.stringContaining('leave one out') as string });
    expect((await again('--steps', '2', '--estimate')).status).toBe(0);
    expect(bytesOf()).toEqual(before);

    expect((await again('--steps', '2', '--overwrite', '--dim', '64')).status).toBe(0);
    expect(readFileSync(join(out, 'config.json'), 'utf8')).toContain('"n_embd": 64');
    expect((await again('--steps', '2', '--resume', '--dim', '64')).status).toBe(0);
  });

  it('says so after the first steps of a run, too, and what it is of is no tale', async () => {
    const { status, stderr, out } = await train(SMALL, '--steps', '6', ...SIZES);
    expect(stderr).toMatch(/\nabout 1 s for 3 steps, by the first of them /);
    expect(status).toBe(0);
    expect(existsSync(join(out, 'model.safetensors'))).toBe(true);
    const card = readFileSync(join(out, 'README.md'), 'utf8');
    expect(card).toContain('# A small GPT-2 of “A”\n');
    expect(card).not.toMatch(/children|tale|stories/i);
  });
});
