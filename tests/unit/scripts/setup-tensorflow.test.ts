import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { link, linkTensorflow, PACKAGE } from '../../../scripts/setup-tensorflow/link.mjs';
import {
  compileArguments,
  downloadArguments,
  folderOf,
  isAtLeast,
  isNeededFile,
  parseArguments,
  pinnedWheels,
  problemsOf,
  remedyOf,
  SetupError,
  TENSORFLOW_VERSION,
  TFJS_VERSION,
  type Found,
} from '../../../scripts/setup-tensorflow/plan.mjs';

const GIB = 2 ** 30;
const SETUP = fileURLToPath(new URL('../../../scripts/setup-tensorflow', import.meta.url));
const HAS_PIP = spawnSync('python3', ['-m', 'pip', '--version']).status === 0;
/** The least that pip takes for a wheel. */
const MAKE_WHEEL = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    info = "published-1.0.dist-info/"
    wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: published\\nVersion: 1.0\\n")
    wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr(info + "RECORD", "")
`;

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
  const readPinned = (variant: 'cpu' | 'gpu'): string =>
    readFileSync(join(SETUP, `requirements-${variant}.txt`), 'utf8');

  it('are wheels pinned by version and checksum: TensorFlow, and for a GPU the CUDA libraries', () => {
    const [cpu, ...others] = pinnedWheels(readPinned('cpu'));
    expect(cpu).toMatch(`tensorflow-cpu==${TENSORFLOW_VERSION} --hash=sha256:`);
    expect(others).toEqual([]);
    const names = pinnedWheels(readPinned('gpu')).map((line) => line.split('==')[0]);
    expect(names[0]).toBe('tensorflow');
    expect(pinnedWheels(readPinned('gpu'))[0]).toContain(`==${TENSORFLOW_VERSION} `);
    for (const library of ['cublas', 'cudnn', 'cuda-runtime', 'cufft', 'cusolver', 'cusparse', 'nccl'])
      expect(names).toContain(`nvidia-${library}-cu12`);
  });

  it('is nothing that pins no checksum', () => {
    for (const line of ['tensorflow==2.21.0', 'tensorflow>=2.21.0 --hash=sha256:00', 'tensorflow'])
      expect(() => pinnedWheels(`# a comment\n${line}\n`)).toThrow(SetupError);
  });

  it('are npm packages of the versions that a lock pins', () => {
    const { dependencies } = JSON.parse(readFileSync(join(SETUP, 'npm/package.json'), 'utf8')) as {
      dependencies: Record<string, string>;
    };
    expect(dependencies[PACKAGE]).toBe(TFJS_VERSION);
    const { packages } = JSON.parse(readFileSync(join(SETUP, 'npm/package-lock.json'), 'utf8')) as {
      packages: Record<string, { integrity?: string }>;
    };
    const withoutChecksum = Object.entries(packages).filter(([, { integrity }]) => integrity === undefined);
    expect(withoutChecksum.map(([path]) => path)).toEqual(['']);
  });

  it.skipIf(!HAS_PIP)('is refused by pip where the checksum is not the pinned one', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tokenflare-wheel-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const wheel = join(folder, 'published-1.0-py3-none-any.whl');
    execFileSync('python3', ['-c', MAKE_WHEEL, wheel]);
    const sha256 = createHash('sha256').update(readFileSync(wheel)).digest('hex');
    const requirements = join(folder, 'requirements.txt');
    const download = (checksum: string): { status: number | null; stderr: string } => {
      writeFileSync(requirements, `published==1.0 --hash=sha256:${checksum}\n`);
      const env = { ...process.env, PIP_NO_INDEX: '1', PIP_FIND_LINKS: folder };
      const args = downloadArguments(requirements, join(folder, 'to'));
      return spawnSync('python3', args, { env, encoding: 'utf8' });
    };
    const refused = download('0'.repeat(64));
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('DO NOT MATCH THE HASHES');
    expect(existsSync(join(folder, 'to', 'published-1.0-py3-none-any.whl'))).toBe(false);
    expect(download(sha256).status).toBe(0);
    expect(existsSync(join(folder, 'to', 'published-1.0-py3-none-any.whl'))).toBe(true);
  });

  it('comes as wheels alone, for a Python that has them, whichever runs pip', () => {
    const args = downloadArguments('/pins.txt', '/to').join(' ');
    expect(args).toContain('-m pip download');
    expect(args).toContain('--no-deps --only-binary :all:');
    expect(args).toContain('--python-version 3.11');
    expect(args).toContain('--require-hashes');
    expect(args).toMatch(/--dest \/to --requirement \/pins\.txt$/);
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
