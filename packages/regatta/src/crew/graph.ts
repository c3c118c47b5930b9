/** Checks and orders a task graph before it runs, so that a mistake costs no tokens. */
import { RegattaError } from '../base/errors.ts';

/** A task as the graph sees it. */
export interface TaskNode {
  readonly id: string;
  /** Ids of the tasks that must be done before this one starts. */
  readonly needs: readonly string[];
}

/**
 * The nodes with every need before the task that has it, and otherwise as declared.
 *
 * @throws RegattaError `graph/duplicate-task`, `graph/unknown-task` or `graph/cycle`.
 */
export function sortGraph<N extends TaskNode>(nodes: readonly N[]): readonly N[] {
  const left = indexById(nodes);
  const sorted: N[] = [];
  while (left.size > 0) {
    const ready = [...left.values()].filter(({ needs }) => !needs.some((id) => left.has(id)));
    if (ready.length === 0) throw cycleError(left);
    for (const node of ready) left.delete(node.id);
    sorted.push(...ready);
  }
  return sorted;
}

function indexById<N extends TaskNode>(nodes: readonly N[]): Map<string, N> {
  const byId = new Map<string, N>();
  for (const node of nodes) {
    const task = node.id;
    if (byId.has(task)) {
      throw new RegattaError('graph/duplicate-task', `Two tasks are called "${task}". Rename one of them.`, {
        task,
      });
    }
    byId.set(task, node);
  }
  for (const { id: task, needs } of nodes) {
    const missing = needs.find((id) => !byId.has(id));
    if (missing === undefined) continue;
    const message = `Task "${task}" needs "${missing}", which is not in the graph. Add it, or remove it from the needs.`;
    throw new RegattaError('graph/unknown-task', message, { task, missing });
  }
  return byId;
}

/** Every task in `blocked` needs another one in it, so a walk along the needs must close. */
function cycleError(blocked: ReadonlyMap<string, TaskNode>): RegattaError {
  const path: string[] = [];
  let at = blocked.values().next().value;
  while (at && !path.includes(at.id)) {
    path.push(at.id);
    at = blocked.get(at.needs.find((id) => blocked.has(id)) ?? '');
  }
  const tasks = at ? [...path.slice(path.indexOf(at.id)), at.id] : path;
  return new RegattaError(
    'graph/cycle',
    `Tasks wait for each other: ${tasks.join(' → ')}. Remove one of these needs.`,
    { tasks },
  );
}
