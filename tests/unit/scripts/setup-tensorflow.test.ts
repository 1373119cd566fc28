import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { link, linkTensorflow, PACKAGE } from '../../../scripts/setup-tensorflow/link.mjs';
import {
  compileArguments,
  cudaRequirements,
  downloadArguments,
  folderOf,
  isAtLeast,
  isNeededFile,
  parseArguments,
  problemsOf,
  remedyOf,
  tensorflowRequirement,
  type Found,
} from '../../../scripts/setup-tensorflow/plan.mjs';

const GIB = 2 ** 30;

/** A machine on which it works. */
const GOOD: Found = {
  platform: 'linux',
  arch: 'x64',
  glibc: '2.36',
  node: '20.12.0',
  python: '3.9.2',
  pip: '20.3.4',
  compiler: '12.2.0',
  freeBytes: 20 * GIB,
};

describe('arguments of the setup', () => {
  it.each([
    { args: [], variant: 'cpu', folder: '2.21.0-cpu' },
    { args: ['--gpu'], variant: 'gpu', folder: '2.21.0-gpu' },
    { args: ['--stock'], variant: 'stock', folder: 'stock' },
    { args: ['--stock', '--gpu'], variant: 'stock-gpu', folder: 'stock-gpu' },
  ] as const)('$args mean $variant', ({ args, variant, folder }) => {
    expect(parseArguments(args)).toEqual({ variant });
    expect(folderOf(variant)).toBe(folder);
  });

  it('names an option that it does not know', () => {
    expect(parseArguments(['--gpu', '--cuda'])).toEqual({ problem: 'unknown option --cuda' });
  });
});

describe('checks before the setup', () => {
  it('find nothing wrong where nothing is', () => {
    for (const variant of ['cpu', 'gpu', 'stock', 'stock-gpu'] as const)
      expect(problemsOf(GOOD, variant)).toEqual([]);
  });

  it.each([
    { found: { platform: 'darwin', arch: 'arm64' }, says: /this is darwin arm64: RUNTIME=webgpu/ },
    { found: { arch: 'arm64' }, says: /this is linux arm64/ },
    { found: { glibc: undefined }, says: /no glibc \(Alpine\?\)/ },
    { found: { glibc: '2.26' }, says: /glibc 2\.26 is too old: TensorFlow needs 2\.27/ },
    { found: { node: '18.20.0' }, says: /Node 18\.20\.0 is too old/ },
    { found: { python: undefined }, says: /python3 does not run.*apt install python3 python3-pip/ },
    { found: { python: '3.8.10' }, says: /Python 3\.8\.10 is too old/ },
    { found: { pip: undefined }, says: /no pip: apt install python3-pip/ },
    { found: { pip: '20.2.3' }, says: /pip 20\.2\.3 is too old: python3 -m pip install --upgrade pip/ },
    { found: { compiler: undefined }, says: /no C\+\+ compiler: apt install g\+\+/ },
    { found: { compiler: '8.3.0' }, says: /g\+\+ 8\.3\.0 is too old/ },
    { found: { freeBytes: GIB }, says: /^1024 MiB are free on this disk and 1800 MiB are needed/ },
  ])('say what is wrong and what to do: $says', ({ found, says }) => {
    const problems = problemsOf({ ...GOOD, ...found }, 'cpu');
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(says);
  });

  it('report everything at once', () => {
    expect(problemsOf({ ...GOOD, glibc: '2.17', pip: undefined, compiler: undefined }, 'cpu')).toHaveLength(
      3,
    );
  });

  it('ask for what the variant needs: the stock one neither pip nor compiler, CUDA more room', () => {
    expect(problemsOf({ ...GOOD, python: undefined, compiler: undefined }, 'stock')).toEqual([]);
    expect(problemsOf({ ...GOOD, freeBytes: 5 * GIB }, 'cpu')).toEqual([]);
    expect(problemsOf({ ...GOOD, freeBytes: 5 * GIB }, 'gpu')).toHaveLength(1);
  });

  it('compare versions by number, not by letter', () => {
    expect(isAtLeast('2.36', '2.27')).toBe(true);
    expect(isAtLeast('2.4', '2.27')).toBe(false);
    expect(isAtLeast('12', '9')).toBe(true);
    expect(isAtLeast('20.12.0', '20.12')).toBe(true);
    expect(isAtLeast('20', '20.12')).toBe(false);
  });
});

describe('what the setup fetches', () => {
  it('is the wheel for the processor, or the one with CUDA', () => {
    expect(tensorflowRequirement('cpu')).toBe('tensorflow-cpu==2.21.0');
    expect(tensorflowRequirement('gpu')).toBe('tensorflow==2.21.0');
  });

  it('are the CUDA libraries that TensorFlow names, without the compiler', () => {
    const metadata = [
      'Name: tensorflow',
      'Requires-Dist: numpy>=1.26.0',
      'Requires-Dist: nvidia-cublas-cu12<13.0,>=12.5.3.2; extra == "and-cuda"',
      "Requires-Dist: nvidia-cudnn-cu12 (<10.0,>=9.3.0.75) ; extra == 'and-cuda'",
      'Requires-Dist: nvidia-cuda-nvcc-cu12<13.0,>=12.5.82; extra == "and-cuda"',
      'Requires-Dist: nvidia-other; extra == "with-other"',
      'Requires-Dist: tensorflow-io-gcs-filesystem>=0.23.1; extra == "gcs-filesystem"',
    ].join('\n');
    expect(cudaRequirements(metadata)).toEqual([
      'nvidia-cublas-cu12<13.0,>=12.5.3.2',
      'nvidia-cudnn-cu12<10.0,>=9.3.0.75',
    ]);
  });

  it('comes as wheels alone, for a Python that has them, whichever runs pip', () => {
    const args = downloadArguments(['tensorflow-cpu==2.21.0'], '/to').join(' ');
    expect(args).toContain('-m pip download');
    expect(args).toContain('--no-deps --only-binary :all:');
    expect(args).toContain('--python-version 3.11');
    expect(args).toMatch(/--dest \/to tensorflow-cpu==2\.21\.0$/);
  });

  it.each([
    ['tensorflow/libtensorflow_cc.so.2', true],
    ['tensorflow/libtensorflow_framework.so.2', true],
    ['tensorflow/include/tensorflow/c/eager/c_api.h', true],
    ['tensorflow/include/tsl/platform/platform.h', true],
    ['tensorflow/include/xla/tsl/c/tsl_status.h', true],
    ['nvidia/cublas/lib/libcublas.so.12', true],
    ['nvidia/cudnn/lib/libcudnn_engines_runtime_compiled.so.9', true],
    ['tensorflow/python/_pywrap_tensorflow_internal.so', false],
    ['tensorflow/include/external/llvm-project/mlir/include/mlir/IR/Dialect.h', false],
    ['nvidia/cublas/include/cublas.h', false],
    ['../tensorflow/libtensorflow_cc.so.2', false],
  ])('of a wheel is %s: %s', (name, needed) => {
    expect(isNeededFile(name)).toBe(needed);
  });
});

describe('compiling the addon', () => {
  it('finds the libraries beside the result, wherever the checkout is moved', () => {
    const args = compileArguments({
      sources: ['a.cc', 'b.cc'],
      includes: ['/include'],
      libraries: ['/lib/x.so.2'],
      output: '/out.node',
    });
    expect(args).toContain('-Wl,-rpath,$ORIGIN/tensorflow');
    expect(args.join(' ')).toContain('-I /include a.cc b.cc /lib/x.so.2');
    expect(args.slice(-2)).toEqual(['-o', '/out.node']);
  });
});

describe('a step that failed', () => {
  it.each(['tfjs', 'download', 'unpack', 'compile', 'stock', 'check'])(
    '%s has a remedy of its own',
    (step) => {
      expect(remedyOf(step)).not.toBe(remedyOf('anything'));
    },
  );
});

describe('the link in node_modules', () => {
  it('comes back after npm ci, wherever the checkout has been moved', async () => {
    const parent = mkdtempSync(join(tmpdir(), 'tokenflare-link-'));
    const before = join(parent, 'before');
    const root = join(parent, 'after');
    const installed = join(before, '.tensorflow/npm/node_modules', PACKAGE);
    mkdirSync(installed, { recursive: true });
    writeFileSync(join(installed, 'package.json'), '{}');
    link(installed, join(before, '.tensorflow/current'));
    renameSync(before, root);
    const linked = join(root, 'node_modules', PACKAGE, 'package.json');
    linkTensorflow(root);
    expect(await readFile(linked, 'utf8')).toBe('{}');
    rmSync(join(root, 'node_modules'), { recursive: true });
    linkTensorflow(root);
    expect(await readFile(linked, 'utf8')).toBe('{}');
    rmSync(parent, { recursive: true });
  });

  it('is left out where nothing was set up', () => {
    const root = mkdtempSync(join(tmpdir(), 'tokenflare-link-'));
    linkTensorflow(root);
    expect(() => rmSync(join(root, 'node_modules'))).toThrow('ENOENT');
    rmSync(root, { recursive: true });
  });
});
