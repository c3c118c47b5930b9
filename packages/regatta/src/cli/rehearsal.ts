/** Says where no model was asked: what a rehearsal prints must never be taken for a model's work. */
import type { UsageReport } from '../index.ts';
import { countOf } from './amount.ts';

export const REHEARSAL_NOTE = 'rehearsal: no model was asked';

/** What to print about `reports`; undefined when models answered every call. */
export function rehearsalNote(reports: readonly UsageReport[]): string | undefined {
  const calls = reports.reduce((all, report) => all + report.calls, 0);
  const rehearsed = reports.reduce((all, report) => all + rehearsedCalls(report), 0);
  if (rehearsed === 0) return undefined;
  if (rehearsed === calls) return REHEARSAL_NOTE;
  return `rehearsal: for ${rehearsed} of ${countOf(calls, 'call')} no model was asked`;
}

function rehearsedCalls({ byModel }: UsageReport): number {
  return Object.entries(byModel).reduce(
    (all, [model, { calls }]) => (model.startsWith('rehearsal/') ? all + calls : all),
    0,
  );
}
