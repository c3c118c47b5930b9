/** Prints one line for each test and a closing line, so that a log of the night can be read at a glance. */
import type { SerializedError } from 'vitest';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import './report.ts';

export class LineReporter implements Reporter {
  #passed = 0;
  #failed = 0;

  onTestCaseResult(test: TestCase): void {
    const { state, errors = [] } = test.result();
    if (state === 'passed') this.#passed++;
    else if (state === 'failed') this.#failed++;
    const { line = 'no counts' } = test.meta();
    const seconds = ((test.diagnostic()?.duration ?? 0) / 1000).toFixed(1);
    console.log(`${state.padEnd(7)} ${test.name}\n        ${line} (${seconds} s)`);
    for (const { message, stack } of errors) console.log(`        ${stack ?? message}`);
  }

  /** A file that does not load has no tests, and would pass in silence. */
  onTestModuleEnd(module: TestModule): void {
    for (const { message, stack } of module.errors()) {
      this.#failed++;
      console.log(`failed  ${module.moduleId}\n        ${stack ?? message}`);
    }
  }

  /** What is thrown where no test waits for it fails the run too. */
  onTestRunEnd(_: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    this.#failed += unhandled.length;
    for (const { message, stack } of unhandled)
      console.log(`failed  outside of a test\n        ${stack ?? message}`);
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
  }
}
