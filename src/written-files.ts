/** How a file is read, which says how it can be damaged. */
export type WrittenKind = 'sqlite' | 'json' | 'text' | 'binary' | 'lock';

/** A file that the service or its commands write, or files that are alike. */
export interface WrittenFile {
  /** For people, and unique. */
  readonly name: string;
  /** The setting or variable that says where it is. */
  readonly setting: string;
  /** Below what `setting` names, with `*` for a name that differs; empty: `setting` names the file itself. */
  readonly path: string;
  /** Modules below the repository's root that write it. */
  readonly writtenBy: readonly string[];
  readonly kind: WrittenKind;
  /** What is gone, or does not work, when the file is damaged or gone. The service goes on in any case. */
  readonly lossMeans: string;
}

/**
 * All files that are written. tests/unit/written-files.test.ts compares the list with the sources: a module that writes and
 * is not in it fails there.
 */
export const WRITTEN_FILES: readonly WrittenFile[] = [
  {
    name: 'logs of gateways',
    setting: 'GATEWAY_LOGS',
    path: '',
    writtenBy: ['src/gateway/logs/log-database.ts'],
    kind: 'sqlite',
    lossMeans: 'logs of gateways up to then cannot be found, and new ones are kept',
  },
  {
    name: 'reports of benchmarks',
    setting: 'BENCHMARK_RESULTS',
    path: '',
    writtenBy: ['src/bench/run-store.ts'],
    kind: 'sqlite',
    lossMeans: 'reports of benchmarks up to then cannot be found, and new ones are kept',
  },
  {
    name: 'lock of a file of SQLite',
    setting: 'GATEWAY_LOGS',
    path: '.lock-holder',
    writtenBy: ['src/sqlite/sqlite-lock.ts'],
    kind: 'lock',
    lossMeans: 'nothing',
  },
  {
    name: 'damaged file of SQLite',
    setting: 'GATEWAY_LOGS',
    path: '.damaged',
    writtenBy: ['src/sqlite/damage.ts'],
    kind: 'binary',
    lossMeans: 'nothing: the service never reads it',
  },
  {
    name: 'prefixes on disk',
    setting: 'PREFIX_CACHE_DIR',
    path: 'pages/*',
    writtenBy: ['src/engine/worker/disk/page-folder.ts'],
    kind: 'binary',
    lossMeans: 'the prefix is computed again',
  },
  {
    name: "secret of the clients' ids",
    setting: 'PREFIX_CACHE_DIR',
    path: 'secret',
    writtenBy: ['src/http/middleware/identity-secret.ts'],
    kind: 'binary',
    lossMeans: "prefixes of the time before are not found, since clients' ids are new with the process",
  },
  {
    name: 'configuration of an index of vectors',
    setting: 'VECTORIZE_DIR',
    path: '*/index.json',
    writtenBy: ['src/vectors/index-folder.ts'],
    kind: 'json',
    lossMeans: 'this index cannot be used',
  },
  {
    name: 'numbers of an index of vectors',
    setting: 'VECTORIZE_DIR',
    path: '*/values.f32',
    writtenBy: ['src/vectors/index-files.ts'],
    kind: 'binary',
    lossMeans: 'this index cannot be used',
  },
  {
    name: 'rows of an index of vectors',
    setting: 'VECTORIZE_DIR',
    path: '*/rows.sqlite',
    writtenBy: ['src/vectors/index-files.ts'],
    kind: 'sqlite',
    lossMeans: 'this index cannot be used',
  },
  {
    name: 'changes of an index of vectors',
    setting: 'VECTORIZE_DIR',
    path: '*/rows.sqlite-wal',
    writtenBy: ['src/vectors/index-files.ts'],
    kind: 'binary',
    lossMeans:
      'changes of this index since they were last joined with its rows are lost, or it cannot be used',
  },
  {
    name: 'lock of an index of vectors',
    setting: 'VECTORIZE_DIR',
    path: '*/lock',
    writtenBy: ['src/vectors/vector-store.ts', 'src/process/file-lock.ts'],
    kind: 'lock',
    lossMeans: 'nothing',
  },
  {
    name: 'API keys',
    setting: 'KEYS_FILE',
    path: '',
    writtenBy: ['src/access/key-file.ts', 'src/access/edit-keys.ts'],
    kind: 'json',
    lossMeans:
      'the keys as they were last read hold on, and a service that starts without them refuses to start',
  },
  {
    name: 'lock of the API keys',
    setting: 'KEYS_FILE',
    path: '.lock',
    writtenBy: ['src/access/edit-keys.ts', 'src/process/file-lock.ts'],
    kind: 'lock',
    lossMeans: 'nothing',
  },
  {
    name: 'files of a model of the hub',
    setting: 'MODELS_DIR',
    path: '*/*',
    writtenBy: ['src/catalog/pull-model.ts', 'src/catalog/staging.ts'],
    kind: 'binary',
    lossMeans: 'this model cannot be loaded until it is pulled again',
  },
  {
    name: 'manifest of a model of the hub',
    setting: 'MODELS_DIR',
    path: '*/tokenflare-model.json',
    writtenBy: ['src/catalog/staging.ts'],
    kind: 'json',
    lossMeans: 'this model cannot be loaded until it is pulled again',
  },
  {
    name: 'part of a download',
    setting: 'MODELS_DIR',
    path: '.partial/*/*.part',
    writtenBy: ['src/catalog/download-file.ts', 'src/catalog/staging.ts'],
    kind: 'binary',
    lossMeans: 'the file is downloaded from its beginning',
  },
  {
    name: 'lock of a pull',
    setting: 'MODELS_DIR',
    path: '.partial/locks/*',
    writtenBy: ['src/catalog/staging.ts', 'src/process/file-lock.ts'],
    kind: 'lock',
    lossMeans: 'nothing',
  },
  {
    name: 'what RUNTIME=auto has measured',
    setting: 'XDG_DATA_HOME',
    path: 'tokenflare/runtimes.json',
    writtenBy: ['src/runtime/auto/kept-choice.ts'],
    kind: 'json',
    lossMeans: 'the next start measures again',
  },
  {
    name: 'Dawn, for WebGPU',
    setting: 'XDG_DATA_HOME',
    path: 'tokenflare/webgpu-*',
    writtenBy: ['src/runtime/webgpu/install-dawn.ts'],
    kind: 'binary',
    lossMeans: 'WebGPU does not work until it is installed again',
  },
];
