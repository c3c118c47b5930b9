/** Checks an implementation of `Memory` against what agents rely on. */
import type { Json } from '../base/json.ts';
import type { Memory } from '../ports/memory.ts';
import type { RunContext } from '../ports/run-context.ts';

export interface MemoryCheckOptions {
  /** Opens an empty memory, anew each time. */
  readonly open: () => Memory | Promise<Memory>;
  /** What it is called with. @default one with spans and a signal, and nothing else: no models, no embedders */
  readonly context?: RunContext;
}

/**
 * What is wrong with a memory, one sentence each; empty if nothing is.
 *
 * - What was remembered is recalled by the words of its task, with a source and a text.
 * - No more than `limit` are given, and an empty memory gives none.
 * - The same span's experience, told twice, is there once.
 * - Calls at once lose nothing.
 * - What it gives is plain JSON, so that a journal can keep it.
 * - After `reset` nothing is recalled, and it can be used again.
 * - With an aborted signal it fails, and remembers nothing.
 *
 * @example
 * expect(await checkMemory({ open: () => myMemory() })).toEqual([]);
 */
export async function checkMemory({
  open,
  context = bareContext('check', new AbortController().signal),
}: MemoryCheckOptions): Promise<readonly string[]> {
  const findings: string[] = [];
  const check = (isRight: boolean, finding: string): void => {
    if (!isRight) findings.push(finding);
  };
  const at = (key: string): RunContext => context.child(key);
  const recall = async (memory: Memory, text: string, limit = 5): Promise<readonly string[]> =>
    (await memory.recall({ text, limit }, at('recall'))).map((one) => one.text);
  const words = ['halyard', 'anchor', 'compass', 'lantern', 'rudder'];
  const experience = (word: string) => ({ task: `Find the ${word}`, answer: `The ${word} is below` });

  const empty = await open();
  check((await recall(empty, 'Find the anchor')).length === 0, 'An empty memory recalls something.');
  check(empty.name.trim() !== '', 'It has no name.');
  if (empty.remember === undefined) return findings;

  const memory = await open();
  await Promise.all(words.map((word, index) => memory.remember?.(experience(word), at(`remember-${index}`))));
  for (const word of words) {
    const found = await memory.recall({ text: `Where is the ${word}?`, limit: 5 }, at('recall'));
    const isThere = found.some(({ text, source }) => text.includes(word) && source.trim() !== '');
    check(isThere, `What was remembered of "${word}" is not recalled, or has no source.`);
    check(isPlain(found as unknown as Json), 'What it recalls is not plain JSON.');
  }
  check((await recall(memory, 'the', 2)).length <= 2, 'It recalls more than the limit.');

  await memory.remember?.(experience('anchor'), at('remember-1'));
  const anchors = (await recall(memory, 'Find the anchor', 10)).filter((text) => text.includes('anchor'));
  check(anchors.length === 1, `The same span's experience, told twice, is there ${anchors.length} times.`);

  const stopped = context.withSignal(AbortSignal.abort(new Error('aborted'))).child('remember-9');
  const stoppedWrite = memory.remember?.({ task: 'Find the pennant', answer: 'no' }, stopped);
  const failed = await stoppedWrite?.then(
    () => false,
    () => true,
  );
  check(failed === true, 'It remembers although its signal is aborted.');
  check(
    !(await recall(memory, 'pennant')).some((text) => text.includes('pennant')),
    'It keeps what it was not to.',
  );

  if (memory.reset === undefined) return findings;
  await memory.reset();
  check((await recall(memory, 'Find the anchor')).length === 0, 'It recalls something after a reset.');
  await memory.remember?.(experience('anchor'), at('remember-8'));
  check((await recall(memory, 'Find the anchor')).length === 1, 'It cannot be used after a reset.');
  return findings;
}

function bareContext(id: string, signal: AbortSignal): RunContext {
  const context = {
    runId: 'check',
    context: undefined,
    signal,
    span: { id, parentId: null, task: null, agent: 'Checker', scope: [] },
    child: (key: string) => bareContext(`${id}/${key}`, signal),
    withSignal: (other: AbortSignal) => bareContext(id, other),
  };
  return context as unknown as RunContext; // whoever needs more of one gives one
}

function isPlain(value: Json): boolean {
  return JSON.stringify(JSON.parse(JSON.stringify(value))) === JSON.stringify(value) && !hasUndefined(value);
}

function hasUndefined(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return value === undefined;
  return Object.values(value).some(hasUndefined);
}
