/** Compiles the native kernels for this machine to dist/native, with its own compiler: they go before the prebuilt ones. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { buildNative, BUILT_HERE } from './build-native.mjs';

mkdirSync(dirname(BUILT_HERE), { recursive: true });
await buildNative({
  compiler: [process.env.CXX ?? 'c++'],
  architecture: process.arch,
  compileFlags: process.platform === 'win32' ? [] : ['-fPIC'],
  linkFlags: process.platform === 'darwin' ? ['-Wl,-undefined,dynamic_lookup'] : ['-lpthread'],
  output: BUILT_HERE,
});
