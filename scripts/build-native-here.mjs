/** Compiles the native kernels for this machine to dist/native, with its own compiler: they go before the prebuilt ones. */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { buildNative, BUILT_HERE } from './build-native.mjs';

mkdirSync(dirname(BUILT_HERE), { recursive: true });
// GCC leaves loops rolled that it is asked to unroll where it compiles for size: attention took five times as long.
const FOR_SPEED = {
  'kernels_avx2.cc': '-O2 -mavx2 -mfma -mf16c',
  'kernels_avxvnni.cc': '-O2 -mavxvnni -mavx2 -mfma -mf16c',
};
await buildNative({
  compiler: [process.env.CXX ?? 'c++'],
  architecture: process.arch,
  compileFlags: process.platform === 'win32' ? [] : ['-fPIC'],
  fileFlags: FOR_SPEED,
  linkFlags: process.platform === 'darwin' ? ['-Wl,-undefined,dynamic_lookup'] : ['-lpthread'],
  output: BUILT_HERE,
});
