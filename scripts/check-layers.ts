// Fails on an import that points upward or sideways, and on any cycle of files. Type imports count: a type that
// points upward is a design that points upward. The layers are those of CONTRIBUTING.md.

import { existsSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { codeOf, isTestFile, listSources } from './source.ts';

const layers: readonly (readonly string[])[] = [
  ['base'],
  ['protocol'],
  ['ports'],
  ['observe', 'model', 'tool'],
  ['context', 'memory', 'knowledge', 'guardrail'],
  ['agent'],
  ['crew', 'flow'],
  ['run'],
  ['api', 'hosts'],
];
const adapters = ['models', 'stores', 'engines', 'sinks', 'tools', 'callbacks', 'protocols', 'testing'];
const outside = ['project', 'cli'];

const specifiers =
  /\b(?:import|export)\b[^'"`;()]*?\bfrom\s*['"](.+?)['"]|\bimport\s*['"](.+?)['"]|\bimport\s*\(\s*['"](.+?)['"]/g;

/**
 * What is wrong with the imports of the sources below `root`, one sentence each; empty if nothing is.
 * `doors` are the files that the package exports, relative to `root`.
 */
export function checkLayers(root: string, doors: readonly string[] = ['index.ts']): readonly string[] {
  const findings: string[] = [];
  const graph = new Map<string, readonly string[]>();
  for (const file of listSources(root).filter((path) => !isTestFile(path))) {
    const targets: string[] = [];
    for (const specifier of importsOf(readFileSync(join(root, file), 'utf8'))) {
      const target = posix.normalize(posix.join(posix.dirname(file), specifier));
      const rule = !specifier.startsWith('.')
        ? 'a source file names its own package by a relative path'
        : target.startsWith('..') || !target.endsWith('.ts') || !existsSync(join(root, target))
          ? 'a relative import names a .ts file below src that exists'
          : brokenRule(file, target, doors);
      if (rule !== undefined) findings.push(`${file} imports ${specifier}: ${rule}.`);
      else targets.push(target);
    }
    graph.set(file, targets);
  }
  return [...findings, ...cyclesOf(graph).map((cycle) => `${cycle.join(' -> ')}: files form no cycle.`)];
}

function importsOf(text: string): readonly string[] {
  return [...codeOf(text).matchAll(specifiers)]
    .map((match) => match[1] ?? match[2] ?? match[3] ?? '')
    .filter((specifier) => /^\.|^regatta(\/|$)/.test(specifier));
}

function brokenRule(file: string, target: string, doors: readonly string[]): string | undefined {
  const [from, to] = [topOf(file), topOf(target)];
  const [fromLayer, toLayer] = [layerOf(from), layerOf(to)];
  if (from === to) return undefined;
  if (outside.includes(from)) {
    return doors.includes(target) ? undefined : `${from} imports its own folder and what the package exports`;
  }
  if (adapters.includes(from)) {
    const isAllowed = (toLayer !== undefined && toLayer <= 2) || (from === 'testing' && to === 'models');
    return isAllowed ? undefined : `an adapter (${from}) imports its own folder, base, protocol and ports`;
  }
  if (fromLayer === undefined) return `${from} has no layer; add it to scripts/check-layers.ts`;
  if (adapters.includes(to)) {
    return fromLayer >= 8 ? undefined : `only api, hosts and index.ts import an adapter (${to})`;
  }
  if (toLayer === undefined) return `${from} does not import ${to}`;
  if (toLayer < fromLayer || (from === 'hosts' && to === 'api')) return undefined;
  const direction = toLayer > fromLayer ? 'upward' : 'sideways';
  return `no ${direction} edge, and ${from} is L${fromLayer}, ${to} is L${toLayer}`;
}

function topOf(file: string): string {
  return file.split('/', 1)[0] ?? file;
}

function layerOf(top: string): number | undefined {
  if (top === 'index.ts') return layers.length;
  const layer = layers.findIndex((names) => names.includes(top));
  return layer === -1 ? undefined : layer;
}

function cyclesOf(graph: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const cycles: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start !== -1) cycles.push([...path.slice(start), file]);
    if (start !== -1 || done.has(file)) return;
    for (const target of graph.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  return cycles;
}

function exportedSources(packageFile: string): readonly string[] {
  const { exports } = JSON.parse(readFileSync(packageFile, 'utf8')) as {
    readonly exports: Readonly<Record<string, string | { readonly '@regatta/source'?: string }>>;
  };
  return Object.values(exports).flatMap((entry) =>
    typeof entry === 'object' && entry['@regatta/source'] !== undefined
      ? [entry['@regatta/source'].replace('./src/', '')]
      : [],
  );
}

if (import.meta.main) {
  const folder = fileURLToPath(new URL('../packages/regatta/', import.meta.url));
  const findings = checkLayers(join(folder, 'src'), exportedSources(join(folder, 'package.json')));
  for (const finding of findings) console.error(finding);
  console.log(`layers: ${findings.length} findings`);
  process.exitCode = findings.length > 0 ? 1 : 0;
}
