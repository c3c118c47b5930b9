/**
 * Profiles of what is measured alone: without import and warm-up, which `--cpu-prof` would count too.
 * Read back as self time, or bytes, by package and by function of the sources.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { SourceMap } from 'node:module';
import { basename, dirname, isAbsolute, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * `cpu`: time. `allocated`: all bytes that were allocated. `live`: those of them that are alive at the
 * end. Files of the first kind open in any viewer as `.cpuprofile`, the others as `.heapprofile`.
 */
export type ProfileKind = 'cpu' | 'allocated' | 'live';

/** A share of the whole: `weight` in ms or KB, `share` in percent. */
export interface Share {
  readonly name: string;
  readonly weight: number;
  readonly share: number;
}

export interface ProfileSummary {
  readonly total: number;
  readonly packages: readonly Share[];
  /** Files of our own, and packages of others. */
  readonly groups: readonly Share[];
  readonly functions: readonly Share[];
}

const CPU_INTERVAL_US = 200;
const HEAP_INTERVAL_BYTES = 4096;

/** Starts profiling this process; the function that it gives ends it and writes `file`. */
export async function startProfile(kind: ProfileKind, file: string): Promise<() => Promise<void>> {
  const session = new Session();
  session.connect();
  if (kind === 'cpu') {
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: CPU_INTERVAL_US });
    await session.post('Profiler.start');
  } else {
    const isAll = kind === 'allocated';
    await session.post('HeapProfiler.startSampling', {
      samplingInterval: HEAP_INTERVAL_BYTES,
      includeObjectsCollectedByMajorGC: isAll,
      includeObjectsCollectedByMinorGC: isAll,
    });
  }
  return async () => {
    const { profile } =
      kind === 'cpu'
        ? await session.post('Profiler.stop')
        : await session.post('HeapProfiler.getSamplingProfile');
    session.disconnect();
    writeFileSync(file, JSON.stringify(profile));
  };
}

interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  /** From 0. */
  readonly lineNumber: number;
  readonly columnNumber: number;
}

interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

interface HeapNode {
  readonly callFrame: CallFrame;
  readonly selfSize: number;
  readonly children: readonly HeapNode[];
}

/** A function on the stack, with what it did itself. */
interface Entry {
  readonly frame: CallFrame;
  readonly weight: number;
  /** From the caller outwards. */
  readonly callers: Stack;
}

type Stack = { readonly frame: CallFrame; readonly outer: Stack } | null;

/**
 * Self time in ms, or bytes in KB, of a profile that `startProfile` wrote. Groups also carry what V8's
 * own and Node's functions did for them: a signal made by our code counts as ours.
 */
export function summariseProfile(file: string): ProfileSummary {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile | { readonly head: HeapNode }; // V8's formats
  const places = new Places();
  const packages = new Map<string, number>();
  const groups = new Map<string, number>();
  const functions = new Map<string, number>();
  let total = 0;
  for (const { frame, weight, callers } of 'head' in profile
    ? heapEntries(profile.head)
    : cpuEntries(profile)) {
    if (frame.functionName === '(idle)' || weight === 0) continue;
    total += weight;
    const group = places.groupOf(frame, callers);
    const place = places.placeOf(frame, callers);
    const packageName = group.replace(/^(regatta|bench)\/.*/, '$1');
    packages.set(packageName, (packages.get(packageName) ?? 0) + weight);
    groups.set(group, (groups.get(group) ?? 0) + weight);
    functions.set(place, (functions.get(place) ?? 0) + weight);
  }
  return {
    total,
    packages: toShares(packages, total),
    groups: toShares(groups, total),
    functions: toShares(functions, total),
  };
}

function* cpuEntries({ nodes, samples, timeDeltas }: CpuProfile): Generator<Entry> {
  const weights = new Map<number, number>();
  // A sample lasts until the next one.
  for (const [index, id] of samples.entries()) {
    weights.set(id, (weights.get(id) ?? 0) + (timeDeltas[index + 1] ?? 0) / 1000);
  }
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const open: { node: (typeof nodes)[number]; callers: Stack }[] = [];
  if (nodes[0]) open.push({ node: nodes[0], callers: null });
  for (let next = open.pop(); next; next = open.pop()) {
    const { node, callers } = next;
    yield { frame: node.callFrame, weight: weights.get(node.id) ?? 0, callers };
    const stack = { frame: node.callFrame, outer: callers };
    for (const id of node.children ?? []) {
      const child = byId.get(id);
      if (child) open.push({ node: child, callers: stack });
    }
  }
}

function* heapEntries(head: HeapNode): Generator<Entry> {
  const open: { node: HeapNode; callers: Stack }[] = [{ node: head, callers: null }];
  for (let next = open.pop(); next; next = open.pop()) {
    const { node, callers } = next;
    yield { frame: node.callFrame, weight: node.selfSize / 1024, callers };
    const stack = { frame: node.callFrame, outer: callers };
    for (const child of node.children) open.push({ node: child, callers: stack });
  }
}

function toShares(weights: ReadonlyMap<string, number>, total: number): readonly Share[] {
  return Array.from(weights, ([name, weight]) => ({ name, weight, share: (weight / total) * 100 })).sort(
    (a, b) => b.weight - a.weight,
  );
}

/** Where frames are, in sources: built files are looked up in their maps. */
class Places {
  readonly #maps = new Map<string, SourceMap | undefined>();

  /** The package or file that a frame works for: its own, or that of the nearest caller that has one. */
  groupOf(frame: CallFrame, callers: Stack): string {
    const own = this.#locate(frame);
    if (own !== undefined) return own.group;
    for (let at = callers; at; at = at.outer) {
      const caller = this.#locate(at.frame);
      if (caller !== undefined) return caller.group;
    }
    return frame.url === '' ? frame.functionName : 'node';
  }

  /** A function with its file and line. One of V8's own is named with whoever called it. */
  placeOf(frame: CallFrame, callers: Stack): string {
    const name = frame.functionName === '' ? '(anonymous)' : frame.functionName;
    if (frame.url === '') {
      return callers && callers.frame.url !== '' ? `${name} < ${this.placeOf(callers.frame, null)}` : name;
    }
    const own = this.#locate(frame);
    return `${name} ${own === undefined ? `${frame.url}:${frame.lineNumber + 1}` : own.place}`;
  }

  /** Undefined for V8's own and Node's functions. */
  #locate({
    url,
    lineNumber,
    columnNumber,
  }: CallFrame): { readonly group: string; readonly place: string } | undefined {
    // CommonJS modules stand in some profiles with their paths.
    if (!url.startsWith('file:') && !isAbsolute(url)) return undefined;
    const installed = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(.*)/.exec(url);
    if (installed) {
      const [, group = '', path = ''] = installed;
      return { group, place: `${group}/${basename(path)}:${lineNumber + 1}` };
    }
    const file = url.startsWith('file:') ? fileURLToPath(url) : url;
    const entry = this.#mapOf(file)?.findEntry(lineNumber, columnNumber);
    if (entry === undefined || !('originalSource' in entry)) {
      const path = relative(root, file);
      return { group: path, place: `${path}:${lineNumber + 1}` };
    }
    const path = relative(root, join(dirname(file), entry.originalSource)).replace(/^packages\//, '');
    return { group: path, place: `${path}:${entry.originalLine + 1}` };
  }

  #mapOf(file: string): SourceMap | undefined {
    if (!this.#maps.has(file)) {
      const path = `${file}.map`;
      const text = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
      this.#maps.set(file, text === undefined ? undefined : new SourceMap(JSON.parse(text)));
    }
    return this.#maps.get(file);
  }
}

const root = fileURLToPath(new URL('..', import.meta.url));
