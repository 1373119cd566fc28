import { parse, refusal, unreachable, type Asked } from '../../client/post-json.ts';
import { EngineError } from '../../errors.ts';

/** A service that answers a command. */
export interface AnsweringService extends Asked {
  /** The model that answers, as requests name it. */
  readonly modelId: string;
  close(): Promise<void>;
}

/** What is read of a model in the list of `GET /v1/models`. */
export interface ListedModel {
  readonly id: string;
  readonly owned_by?: string;
  readonly is_default?: boolean;
}

/** The models of a service. @throws as `postJson` */
export async function listModels(service: Asked, signal: AbortSignal): Promise<readonly ListedModel[]> {
  const response = await service.fetch('/v1/models', { signal }).catch((cause: unknown) => {
    throw unreachable(service.place, cause);
  });
  const text = await response.text();
  if (!response.ok) throw refusal(`${service.place} answered ${response.status}`, text);
  const { data } = (parse(text) ?? {}) as { data?: readonly ListedModel[] };
  if (Array.isArray(data)) return data as readonly ListedModel[];
  throw new EngineError('backend_failure', `${service.place}/v1/models is no list of models`);
}
