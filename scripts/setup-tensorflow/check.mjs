/** Loads the addon as the service does, multiplies two small matrices, and prints what it runs on. */
import { createRequire } from 'node:module';
import util from 'node:util';
import { SetupError } from './plan.mjs';

process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
process.env.TF_FORCE_GPU_ALLOW_GROWTH ??= 'true';
util.isNullOrUndefined ??= (value) => value === undefined || value === null;
util.isArray ??= Array.isArray;

const tf = createRequire(import.meta.url)('@tensorflow/tfjs-node-gpu');
const { binding } = tf.backend();
const product = Array.from(tf.matMul(tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]])).dataSync());
if (product.join() !== '11')
  throw new SetupError(`[1, 2] times [3, 4] came out as ${product.join()}, not 11`);
const isGpu = binding.isUsingGpuDevice();
const device = isGpu ? 'a CUDA GPU' : 'the processor';
console.error(`tokenflare: TensorFlow ${binding.TF_Version} runs on ${device}: RUNTIME=tensorflow npm start`);
// Not an error: an image is built where there is no GPU.
if (process.argv[2]?.endsWith('gpu') && !isGpu) {
  console.error('tokenflare: it lists no GPU here; where it shall run, `nvidia-smi` must list one');
}
