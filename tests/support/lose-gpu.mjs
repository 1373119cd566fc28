/**
 * Loaded before the engine process's own code: SIGUSR2 destroys every WebGPU device that was made in this process, as
 * a driver's reset does.
 */
import { globals } from 'webgpu';

const { prototype } = globals.GPUAdapter;
const requestDevice = prototype.requestDevice;
prototype.requestDevice = async function (...args) {
  const device = await requestDevice.apply(this, args);
  process.on('SIGUSR2', () => device.destroy());
  return device;
};
