import { Gauge, type Registry } from 'prom-client';
import type { ServedModels } from '../../serving/served-models.ts';
import { VERSION } from '../../version.ts';

/** Metrics whose labels tell something and whose value is always 1. */
export function registerInfo(registry: Registry, prefix: string, models: ServedModels): void {
  new Gauge({
    name: `${prefix}build_info`,
    help: 'The versions of the service and of Node; the value is always 1.',
    labelNames: ['version', 'node_version'],
    registers: [registry],
  }).set({ version: VERSION, node_version: process.version }, 1);
  const info = new Gauge({
    name: `${prefix}model_info`,
    help: 'A model in memory; the value is always 1.',
    labelNames: ['model_name', 'architecture', 'runtime'],
    registers: [registry],
    collect: () => {
      info.reset();
      for (const { engine } of models.engines()) {
        if (engine.state !== 'ready' && engine.state !== 'draining') continue;
        const { id, architecture, runtime } = engine.model;
        info.set({ model_name: id, architecture, runtime }, 1);
      }
    },
  });
}
