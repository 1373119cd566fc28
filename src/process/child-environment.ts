/** Variables that a child may need to find its programs, files, libraries and language. */
const NAMES: ReadonlySet<string> = new Set([
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR', 'TMP', 'TEMP', 'LANG', 'LANGUAGE', 'TZ'],
  ...['LD_LIBRARY_PATH', 'LD_PRELOAD', 'DYLD_LIBRARY_PATH', 'DYLD_FALLBACK_LIBRARY_PATH'],
  ...['NODE_OPTIONS', 'NODE_PATH', 'NODE_V8_COVERAGE', 'UV_THREADPOOL_SIZE'],
  // A GPU's driver may ask the display for its device.
  ...['DISPLAY', 'WAYLAND_DISPLAY', 'XAUTHORITY'],
  // Windows starts no program without these.
  ...['SYSTEMROOT', 'SYSTEMDRIVE', 'WINDIR', 'COMSPEC', 'PATHEXT', 'USERPROFILE', 'PROGRAMDATA'],
  ...['APPDATA', 'LOCALAPPDATA', 'PROGRAMFILES', 'NUMBER_OF_PROCESSORS', 'PROCESSOR_ARCHITECTURE'],
]);

/** Of libraries that compute and of drivers, each of which has many variables. */
const PREFIXES = [
  ...['LC_', 'XDG_', 'MALLOC_'],
  ...['OMP_', 'GOMP_', 'KMP_', 'MKL_', 'OPENBLAS_', 'ONEDNN_', 'DNNL_', 'TF_', 'XLA_'],
  ...['CUDA_', 'CUDNN_', 'CUBLAS_', 'NVIDIA_', 'HSA_', 'HIP_', 'ROCR_'],
  ...['VK_', 'MESA_', 'LP_', 'GALLIUM_', 'LIBGL_', '__GL_', '__NV_', '__GLX_', '__EGL_', 'EGL_'],
  ...['DRI_', 'RADV_', 'AMD_', 'ANV_', 'INTEL_', 'NVK_', 'ZINK_', 'DAWN_', 'MTL_'],
];

/** `NVIDIA_API_KEY` is no variable of a driver. */
const SECRET = /KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH/i;

/**
 * The environment of a child process: what programs, libraries and drivers read, and nothing else. Keys and tokens that
 * the service was given stay with it, since a child runs what others wrote: drivers, templates, models.
 *
 * @param environment of the process that starts the child
 */
export function childEnvironment(environment: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => isForChildren(name)));
}

function isForChildren(name: string): boolean {
  // Windows knows no case in names.
  const upper = name.toUpperCase();
  if (NAMES.has(upper)) return true;
  return PREFIXES.some((prefix) => upper.startsWith(prefix)) && !SECRET.test(upper);
}
