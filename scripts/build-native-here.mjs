/** Compiles the native kernels for this machine to dist/native, with its own compiler: they go before the prebuilt ones. */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildNative, ROOT } from './build-native.mjs';

const output = join(ROOT, 'dist/native/tokenflare.node');
mkdirSync(dirname(output), { recursive: true });
await buildNative({
  compiler: [process.env.CXX ?? 'c++'],
  architecture: process.arch,
  compileFlags: process.platform === 'win32' ? [] : ['-fPIC'],
  linkFlags: process.platform === 'darwin' ? ['-Wl,-undefined,dynamic_lookup'] : ['-lpthread'],
  output,
});
