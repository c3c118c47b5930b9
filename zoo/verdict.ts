/** What a report of vitest says of one mutant. */

export type Verdict =
  /** A test failed because of what it asserts. */
  | { readonly status: 'killed' }
  /** The tests passed. */
  | { readonly status: 'SURVIVED' }
  /** No test ran, or it failed for another reason: the mutant says nothing. */
  | { readonly status: 'broken'; readonly why: string };

/** One test that ran. */
export interface Outcome {
  readonly status: string;
  readonly messages: readonly string[];
}

interface Report {
  readonly testResults: readonly {
    readonly message?: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** The tests that ran and have `name` in their full name; with none, why. */
export function outcomesOf(report: string, name: string): readonly Outcome[] | string {
  if (report === '') return 'vitest gave no report';
  const { testResults } = JSON.parse(report) as Report; // the shape of vitest's JSON reporter
  const outcomes = testResults
    .flatMap(({ assertionResults }) => assertionResults)
    .filter(({ fullName, status }) => fullName.includes(name) && status !== 'skipped' && status !== 'pending')
    .map(({ status, failureMessages }) => ({ status, messages: failureMessages }));
  if (outcomes.length > 0) return outcomes;
  const messages = testResults.flatMap(({ message }) => (message ? [firstLine(message)] : []));
  return messages.length > 0 ? messages.join('; ') : 'no test of this name ran';
}

export function verdictOf(outcomes: readonly Outcome[] | string): Verdict {
  if (typeof outcomes === 'string') return { status: 'broken', why: outcomes };
  const failures = outcomes.filter(({ status }) => status !== 'passed');
  if (failures.length === 0) return { status: 'SURVIVED' };
  const messages = failures.flatMap((failure) => failure.messages);
  if (messages.some(isAssertion)) return { status: 'killed' };
  return {
    status: 'broken',
    why: `the test failed, and not by what it asserts: ${firstLine(messages[0] ?? '')}`,
  };
}

/** An expectation that was not met, also inside a property; or a test that never came to its end. */
function isAssertion(message: string): boolean {
  return /AssertionError|Test timed out in|promise (?:rejected|resolved) .* instead of/.test(message);
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? '';
}
