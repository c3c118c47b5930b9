/** How tools are used: checked where it is said, and changed by making another tool. */
import { Problems, show } from '../base/problems.ts';
import type { NeedsApproval, Tool, ToolPolicy, UnknownOutcomePolicy } from '../ports/tool.ts';
import { checkFailurePolicy } from './failure-policy.ts';

const UNKNOWN_OUTCOME_POLICIES: readonly UnknownOutcomePolicy[] = ['ask', 'repeat', 'fail'];

/** Adds what is wrong with `policy`. */
export function checkPolicy(problems: Problems, policy: ToolPolicy): void {
  const { timeoutMs, maxUses, needsApproval, approvalTimeoutMs, retries, onFailure, onUnknownOutcome } =
    policy;
  problems.duration('timeoutMs', timeoutMs);
  problems.integer('maxUses', maxUses, 1);
  problems.duration('approvalTimeoutMs', approvalTimeoutMs);
  problems.integer('retries', retries, 0);
  if (!['undefined', 'boolean', 'function'].includes(typeof needsApproval)) {
    const text = `needsApproval must be true, false or a function, got ${show(needsApproval)}. Correct it or leave it out.`;
    problems.add('needsApproval', needsApproval, text);
  }
  checkFailurePolicy(problems, 'onFailure', onFailure);
  if (onUnknownOutcome !== undefined && !UNKNOWN_OUTCOME_POLICIES.includes(onUnknownOutcome)) {
    const text = `onUnknownOutcome must be "ask", "repeat" or "fail", got ${show(onUnknownOutcome)}. Correct it or leave it out.`;
    problems.add('onUnknownOutcome', onUnknownOutcome, text);
  }
  checkCache(problems, policy);
}

function checkCache(problems: Problems, { cache, sideEffect }: ToolPolicy): void {
  if (cache === undefined) return;
  if (typeof cache?.answer !== 'function') {
    problems.add('cache', cache, 'cache is not a tool cache. Make it with toolCache({ scope, ttlMs }).');
  } else if (sideEffect === true) {
    const text =
      'cache and sideEffect exclude each other: a kept result changes nothing outside. Leave one out.';
    problems.add('cache', true, text);
  }
}

/**
 * The same tool, used in another way; the one that is given stays as it is. Their uses count together, and
 * a cache gives results of either to both. What `policy` does not name stays.
 *
 * @throws RegattaError `definition/invalid`.
 * @example
 * const [read] = fileTools({ root: 'reports' });
 * const careful = withPolicy(read, { maxUses: 20, onFailure: 'fail' });
 */
export function withPolicy(tool: Tool, policy: Partial<ToolPolicy>): Tool {
  const { timeoutMs = tool.timeoutMs } = policy;
  const changed: Tool = { ...tool, ...policy, timeoutMs, origin: tool.origin ?? tool };
  const problems = new Problems(`Tool "${tool.name}"`);
  checkPolicy(problems, changed);
  for (const field of ['cache', 'retries'] as const) {
    if (changed.work === undefined || changed[field] === undefined) continue;
    problems.add(
      field,
      field,
      `${field} is for tools with a function; this one works in the run. Leave it out.`,
    );
  }
  problems.throwIfAny();
  return Object.freeze(changed);
}

export interface ApprovalOptions {
  /** Whether this use needs approval; only `false` is a no. @default always */
  readonly when?: NeedsApproval;
  /** Milliseconds to wait for the person; then the use is refused. @default as long as the run lasts */
  readonly timeoutMs?: number;
}

/**
 * The same tool, which a person is asked about before each use.
 *
 * @throws RegattaError `definition/invalid`.
 * @example
 * const agent = new Agent({ role: 'Clerk', goal: 'Pay bills', tools: [withApproval(pay)] });
 */
export function withApproval(tool: Tool, { when, timeoutMs }: ApprovalOptions = {}): Tool {
  return withPolicy(tool, { needsApproval: when ?? true, approvalTimeoutMs: timeoutMs });
}
