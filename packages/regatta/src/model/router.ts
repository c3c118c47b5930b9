/**
 * One model made of several deployments: each call goes to the one that the strategy names, and on to the
 * next where that fails for a reason of its own.
 *
 * A deployment that fails is left out for a while. What is known of it belongs to one runtime, and chance
 * is the run's, so a definition stays frozen and a replay chooses as before.
 */
import { toErrorData } from '../base/error-data.ts';
import type { CallContext } from '../ports/call-context.ts';
import type {
  CircuitPolicy,
  LlmDefinition,
  Model,
  ModelReply,
  ModelRequest,
  RetryPolicy,
  TellNews,
} from '../ports/model.ts';
import { Circuits, circuit } from './circuit.ts';
import { isOfTheModel } from './fallback.ts';
import { Progress } from './progress.ts';
import { type Asking, type Candidate, choose, type Strategy } from './route-order.ts';

/** `router({…})` as data, which stands where a definition's model does. */
export interface RouterDefinition {
  /** In events, until it is known who answers. */
  readonly id: string;
  readonly strategy: Strategy;
  readonly deployments: readonly Deployment[];
  readonly health: CircuitPolicy;
}

export interface Deployment {
  readonly llm: LlmDefinition;
  /** Tells deployments of one model apart, in the ledger and in events; empty where nothing must. */
  readonly label: string;
  readonly weight: number;
}

export interface RouteOptions {
  /** Opened, in the order of the deployments. They do not retry. */
  readonly models: readonly Model[];
  readonly retry: Pick<RetryPolicy, 'retry'>;
}

export function isRouterDefinition(object: object): object is RouterDefinition {
  return 'deployments' in object && Array.isArray(object.deployments) && 'strategy' in object;
}

/** The definitions that a definition's model is made of; none unless it is a router. */
export function deploymentsOf(model: string | object): readonly LlmDefinition[] {
  if (typeof model !== 'object' || model === null || !isRouterDefinition(model)) return [];
  return model.deployments.map(({ llm }) => llm);
}

/** @throws what the deployment that was asked last throws. */
export function routed(
  { id, strategy, deployments, health }: RouterDefinition,
  { models, retry: { retry } }: RouteOptions,
): Model {
  const circuits = new Circuits();
  const candidates = models.map((model, index): Candidate => {
    const key = {};
    const guarded = circuit(model, { circuits, key, policy: health });
    const weight = deployments[index]?.weight ?? 1;
    return { key, model: guarded, index, weight, busy: 0, turn: 0, latency: undefined };
  });
  const healthy = ({ key }: Candidate): boolean => (circuits.get(key)?.waitMs ?? 0) === 0;
  let turns = 0;
  const next = (rest: readonly Candidate[], call: Asking): Candidate | undefined => {
    const fit = rest.filter(healthy);
    if (fit.length > 0 || rest.length < candidates.length) return choose(fit, strategy, call);
    // All are left out. One that may be back is better than an error: the one that is out longest.
    const [soonest] = [...rest].sort((one, other) => waitOf(circuits, one) - waitOf(circuits, other));
    if (soonest !== undefined) circuits.delete(soonest.key);
    return soonest;
  };
  return Object.freeze<Model>({
    id,
    contextWindow: smallestWindow(models),
    async call(request, context, tell) {
      const progress = new Progress(request.attempt);
      let rest: readonly Candidate[] = candidates;
      let current = next(rest, { request, context });
      while (current !== undefined) {
        const asked = current;
        asked.turn = ++turns;
        try {
          return await ask(
            asked,
            { ...request, attempt: progress.attempt },
            { context, tell: progress.follow(tell) },
          );
        } catch (error) {
          const mayBegin = !progress.hasDelta || retry === 'always';
          if (context.signal.aborted || !mayBegin || !isOfTheModel(error)) throw error;
          rest = rest.filter((one) => one !== asked);
          current = next(rest, { request, context });
          if (current === undefined) throw error;
          const { attempt } = progress;
          await tell({
            type: 'retry',
            attempt,
            delayMs: 0,
            error: toErrorData(error),
            model: current.model.id,
          });
          progress.next();
        }
      }
      throw new TypeError('A router has no deployments.'); // refused where it is defined
    },
  });
}

/** Any of them may be asked next. Those that are not known do not count. */
function smallestWindow(models: readonly Model[]): number | undefined {
  const known = models.flatMap(({ contextWindow }) => contextWindow ?? []);
  return known.length === 0 ? undefined : Math.min(...known);
}

function waitOf(circuits: Circuits, { key }: Candidate): number {
  return circuits.get(key)?.waitMs ?? 0;
}

/** Share of the newest call in the average: the last ten or so count. */
const NEWEST = 0.2;

async function ask(
  candidate: Candidate,
  request: ModelRequest,
  { context, tell }: { readonly context: CallContext; readonly tell: TellNews },
): Promise<ModelReply> {
  const startedAt = context.clock.monotonic();
  candidate.busy++;
  try {
    const reply = await candidate.model.call(request, context, tell);
    const at = context.clock.monotonic();
    const ms = at - startedAt;
    const before = candidate.latency?.ms ?? ms;
    candidate.latency = { ms: before + NEWEST * (ms - before), at };
    return reply;
  } finally {
    candidate.busy--;
  }
}
