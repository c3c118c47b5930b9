/** `router`: one LLM made of several deployments. */
import { Problems, show } from '../base/problems.ts';
import { STRATEGIES, type Strategy } from '../model/route-order.ts';
import type { Deployment, RouterDefinition } from '../model/router.ts';
import { LLM, type LlmInput, type LlmOptions, toLlm } from './llm.ts';

export interface RoutedModel {
  readonly llm: LlmInput;
  /** Its share of calls, above 0: of `weighted`, and of what `least-busy` counts. @default 1 */
  readonly weight?: number;
  /** Stands behind `provider/model#` in events and in the ledger. @default its place, where models are the same */
  readonly name?: string;
}

export interface RouterOptions extends Pick<LlmOptions, 'retry' | 'cache' | 'fallback' | 'callbacks'> {
  readonly models: readonly (RoutedModel | string)[];
  /** @default 'weighted' */
  readonly strategy?: Strategy;
  /** Calls in a row that fail until a deployment is left out. @default 1 */
  readonly breakAfter?: number;
  /** Milliseconds that it is left out; then one call may try. @default 30000 */
  readonly breakMs?: number;
}

/** With others to ask, one failure is enough to ask them first. */
const BREAK_AFTER = 1;
const BREAK_MS = 30_000;

/**
 * An LLM whose calls go to one of several deployments, and on to the next where that fails for a reason
 * of its own. It may stand wherever an LLM may. What it knows of its deployments belongs to one runtime.
 *
 * `retry` is how often all of them are tried; their own `retry` and `circuit` are not used.
 *
 * @throws RegattaError `definition/invalid` or `llm/bad-model`.
 * @example
 * const llm = router({
 *   models: [{ llm: 'openai/gpt-5.4-mini', weight: 3 }, { llm: 'azure/gpt-5-4-mini' }],
 *   strategy: 'weighted',
 * });
 */
export function router(options: RouterOptions): LLM {
  const { models, strategy = 'weighted', breakAfter = BREAK_AFTER, breakMs = BREAK_MS } = options;
  check(options);
  const given = models.map((one) => (typeof one === 'string' ? { llm: one } : one));
  const llms = given.map(({ llm }) => toLlm(llm) as LLM); // undefined is refused above
  checkDeployments(llms);
  const names = llms.map(nameOf);
  const deployments = given.map(({ weight = 1, name }, index): Deployment => {
    const llm = llms[index] as LLM; // as many
    const isSame = names.filter((other) => other === names[index]).length > 1;
    const label = name ?? (isSame ? String(index + 1) : undefined);
    return Object.freeze({ llm, weight, label: label === undefined ? '' : `#${label}` });
  });
  const model: RouterDefinition = Object.freeze({
    id: `router/${strategy}`,
    strategy,
    deployments: Object.freeze(deployments),
    health: Object.freeze({ breakAfter, breakMs }),
  });
  const { retry, cache, fallback = [], callbacks = [] } = options;
  return new LLM({ model, retry, cache, fallback, callbacks });
}

function nameOf({ model }: LLM): unknown {
  if (typeof model === 'string') return model;
  return 'id' in model ? model.id : model;
}

function check({ models, strategy = 'weighted', breakAfter, breakMs }: RouterOptions): void {
  const problems = new Problems('The router');
  if (!Array.isArray(models) || models.length === 0) {
    const text = `models must be a list of deployments, got ${show(models)}. Write for example [{ llm: "openai/gpt-5.4-mini" }].`;
    problems.add('models', models, text);
  }
  for (const [index, one] of (Array.isArray(models) ? models : []).entries()) {
    const { llm, weight = 1, name } = typeof one === 'string' ? { llm: one } : ((one ?? {}) as RoutedModel);
    const field = `models[${index}]`;
    if (llm === undefined)
      problems.add(`${field}.llm`, llm, `${field} has no llm. Write it as { llm: "provider/model" }.`);
    if (!(typeof weight === 'number' && weight > 0 && weight < Number.POSITIVE_INFINITY)) {
      const text = `${field}.weight must be a number above 0, got ${show(weight)}. Correct it, or leave the deployment out.`;
      problems.add(`${field}.weight`, weight, text);
    }
    if (name !== undefined) problems.text(`${field}.name`, name);
  }
  if (!STRATEGIES.includes(strategy)) {
    const text = `strategy must be one of ${STRATEGIES.join(', ')}, got ${show(strategy)}. Choose one.`;
    problems.add('strategy', strategy, text);
  }
  problems.integer('breakAfter', breakAfter, 1);
  problems.duration('breakMs', breakMs);
  problems.throwIfAny();
}

function checkDeployments(llms: readonly LLM[]): void {
  const problems = new Problems('The router');
  for (const [index, { fallback }] of llms.entries()) {
    if (fallback.length === 0) continue;
    const field = `models[${index}].llm.fallback`;
    const text = `${field} would be asked before the router's other deployments. Name it among models, or as the router's fallback.`;
    problems.add(field, fallback.length, text);
  }
  problems.throwIfAny();
}
