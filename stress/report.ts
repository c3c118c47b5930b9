/** One line of counts for each test: what it saw, also where everything is as it should be. */
import type { TestContext } from 'vitest';

declare module 'vitest' {
  interface TaskMeta {
    line?: string;
  }
}

/** Sets the line that is printed behind the test's name. */
export function report({ task }: TestContext, counts: Readonly<Record<string, number | string>>): void {
  task.meta.line = Object.entries(counts)
    .map(([name, value]) => `${name} ${typeof value === 'number' ? value.toLocaleString('en') : value}`)
    .join(', ');
}
