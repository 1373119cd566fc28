/** What `npm run setup:tensorflow` decides before it does anything: pure functions of what it found. */

/** A step that failed in a way that was foreseen. */
export class SetupError extends Error {}

export const TFJS_VERSION = '4.22.0';
export const TENSORFLOW_VERSION = '2.21.0';

export const USAGE = `npm run setup:tensorflow [-- --gpu | --stock]

  (nothing)  TensorFlow ${TENSORFLOW_VERSION} for the processor
  --gpu      TensorFlow ${TENSORFLOW_VERSION} with its CUDA 12 libraries (some 6 GB); an NVIDIA driver of 525 or newer runs it
  --stock    what the package installs by itself: TensorFlow 2.9.1; with --gpu the one for CUDA 11.2
`;

/** Node-API numbers that tfjs ${TFJS_VERSION} looks for; the newest serves Node 20 and every later one. */
export const NAPI_VERSION = 8;

const MIB = 2 ** 20;

/** Most that lies on the disk at once, wheels and what is unpacked from them. */
const DISK_BYTES = { cpu: 1800 * MIB, gpu: 9000 * MIB, stock: 1500 * MIB, 'stock-gpu': 3000 * MIB };

/** @returns {{ variant: 'cpu' | 'gpu' | 'stock' | 'stock-gpu' } | { problem: string }} */
export function parseArguments(args) {
  const unknown = args.find((arg) => arg !== '--gpu' && arg !== '--stock');
  if (unknown !== undefined) return { problem: `unknown option ${unknown}` };
  const gpu = args.includes('--gpu');
  if (args.includes('--stock')) return { variant: gpu ? 'stock-gpu' : 'stock' };
  return { variant: gpu ? 'gpu' : 'cpu' };
}

/** The folder below `.tensorflow/` that holds a variant. */
export function folderOf(variant) {
  return variant.startsWith('stock') ? variant : `${TENSORFLOW_VERSION}-${variant}`;
}

/** `a` is as new as `b`, both as "2.27". */
export function isAtLeast(a, b) {
  const [first, second] = [a, b].map((version) => version.split('.').map(Number));
  for (const [index, wanted] of second.entries()) {
    const have = first[index] ?? 0;
    if (have !== wanted) return have > wanted;
  }
  return true;
}

/**
 * What stands in the way, each with its remedy; empty when nothing does. Versions are undefined where a tool does not
 * run.
 */
export function problemsOf(found, variant) {
  const { platform, arch, glibc, node, python, pip, compiler, freeBytes } = found;
  if (platform !== 'linux' || arch !== 'x64') {
    return [
      `TensorFlow's libraries are used here on Linux x64, and this is ${platform} ${arch}: ` +
        'RUNTIME=webgpu and RUNTIME=wasm work without them',
    ];
  }
  const problems = [];
  if (!isAtLeast(node, '20.12')) problems.push(`Node ${node} is too old: it needs 20.12 or newer`);
  if (glibc === undefined) {
    problems.push('this system has no glibc (Alpine?): take an image of Debian or Ubuntu, or RUNTIME=wasm');
  } else if (!isAtLeast(glibc, '2.27')) {
    problems.push(`glibc ${glibc} is too old: TensorFlow needs 2.27 (Debian 10, Ubuntu 18.04 or newer)`);
  }
  const numBytes = DISK_BYTES[variant];
  if (freeBytes < numBytes) {
    problems.push(
      `${toMib(freeBytes)} MiB are free on this disk and ${toMib(numBytes)} MiB are needed: make room, or move the checkout`,
    );
  }
  if (variant.startsWith('stock')) return problems;
  if (python === undefined || !isAtLeast(python, '3.9')) {
    const have = python === undefined ? 'python3 does not run' : `Python ${python} is too old`;
    problems.push(
      `${have}: pip of Python 3.9 or newer downloads TensorFlow (apt install python3 python3-pip)`,
    );
  } else if (pip === undefined) {
    problems.push('python3 has no pip: apt install python3-pip');
  } else if (!isAtLeast(pip, '20.3')) {
    problems.push(`pip ${pip} is too old: python3 -m pip install --upgrade pip`);
  }
  if (compiler === undefined) {
    problems.push('there is no C++ compiler: apt install g++');
  } else if (!isAtLeast(compiler, '9')) {
    problems.push(
      `g++ ${compiler} is too old: the addon needs C++17, and 9 is the oldest that is known to work`,
    );
  }
  return problems;
}

const toMib = (numBytes) => Math.floor(numBytes / MIB);

/**
 * The wheels of a variant, one a line with its checksum, as pip reads them: the first carries TensorFlow's shared
 * libraries and headers.
 * @param text of requirements-cpu.txt or requirements-gpu.txt
 * @throws SetupError for a line that pins no version or no checksum
 */
export function pinnedWheels(text) {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const loose = lines.find((line) => !/^[\w.-]+==[\w.]+ --hash=sha256:[0-9a-f]{64}$/.test(line));
  if (loose !== undefined) throw new SetupError(`'${loose}' pins no version by its checksum`);
  return lines;
}

/**
 * Arguments of pip to download the wheels that a file pins, and to refuse those that have another checksum. Naming a Python of its own makes it independent of the one that runs
 * pip: nothing of the wheel is run by Python, and 2.21 has no wheel for every version that pip may run on.
 */
export function downloadArguments(requirementsFile, folder) {
  const platforms = [
    'manylinux_2_28_x86_64',
    'manylinux_2_27_x86_64',
    'manylinux_2_17_x86_64',
    'manylinux2014_x86_64',
  ];
  return [
    ...['-m', 'pip', 'download', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:'],
    '--require-hashes',
    ...platforms.flatMap((platform) => ['--platform', platform]),
    ...[
      '--implementation',
      'cp',
      '--python-version',
      '3.11',
      '--abi',
      'cp311',
      '--abi',
      'abi3',
      '--abi',
      'none',
    ],
    ...['--dest', folder, '--requirement', requirementsFile],
  ];
}

/** Of a wheel's files, those that are unpacked: shared libraries and the headers of the C interface. */
export function isNeededFile(name) {
  return (
    /^tensorflow\/libtensorflow_(cc|framework)\.so\.2$/.test(name) ||
    /^tensorflow\/include\/(tensorflow\/(c|core\/platform)|tsl|xla\/tsl)\/.*\.h$/.test(name) ||
    /^nvidia\/\w+\/lib\/.*\.so[.\d]*$/.test(name)
  );
}

/** Arguments of g++ for the addon: tfjs' sources against the libraries beside the result. */
export function compileArguments({ sources, includes, libraries, output }) {
  return [
    ...['-std=c++17', '-O3', '-w', '-fPIC', '-shared', '-pthread'],
    ...[`-DNAPI_VERSION=${NAPI_VERSION}`, '-DBUILDING_NODE_EXTENSION'],
    ...includes.flatMap((folder) => ['-I', folder]),
    ...sources,
    ...libraries,
    // The wheel's own layout, so that the libraries find CUDA in ../nvidia/*/lib by their own run path.
    ...['-Wl,-rpath,$ORIGIN/tensorflow', '-o', output],
  ];
}

/** What to do when a step fails, by its name. */
export function remedyOf(step) {
  const remedies = {
    tfjs: 'npm must reach its registry; `npm ping` tells',
    download:
      'pip must reach its index (`python3 -m pip config list` shows which one it asks); a wheel whose checksum does not match is not the one that was published',
    unpack: 'a wheel may be damaged: remove .tensorflow/ and run it again',
    compile: "the compiler's message is above; g++ 9 to 14 are known to work",
    stock: 'the package downloads from storage.googleapis.com; without --stock the libraries come from PyPI',
    check:
      'the libraries do not load or compute: the message above says why; remove .tensorflow/ to start afresh',
  };
  return remedies[step] ?? 'mend what it says above';
}
