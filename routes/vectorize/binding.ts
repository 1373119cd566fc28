import { LIMITS } from '../../src/vectors/limits.ts';
import { indexParam, vectorRoutes } from './vector-operations.ts';

/**
 * What the class behind a Worker's Vectorize sends to `http://vector-search` (workerd, vectorize-api.ts), below a base that
 * names the index: the class itself does not.
 */
export const vectorizeBindingRoutes = vectorRoutes({
  api: 'vectorize-binding',
  path: (operation) => `/workers-binding/vectorize/:index/${operation}`,
  params: indexParam,
  names: { getByIds: 'getByIds', deleteByIds: 'deleteByIds' },
  wrapping: 'bare',
  maxVectors: LIMITS.vectorsOfWorker,
  suffix: 'ByBinding',
  asked: ', as the binding of a Worker asks',
});
