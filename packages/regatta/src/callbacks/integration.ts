/** What an integration is made of, and how its row reads its environment. */
import { RegattaError } from '../base/errors.ts';
import type { AdaptedCallback } from '../ports/callback.ts';
import type { Env } from '../ports/provider.ts';
import type { Outcomes } from './env.ts';

/** Where an OTLP integration sends its traces. */
export interface OtlpTarget {
  readonly name: string;
  /** With its path. */
  readonly endpoint: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly serviceName?: string;
  /** More attributes of the resource, such as the vendor's project. */
  readonly resource?: Readonly<Record<string, string>>;
  readonly encoding: 'json' | 'protobuf';
  readonly captureContent: boolean;
  readonly outcomes: Outcomes;
}

/** Gives the body of the answer. Rejects with `callbacks/delivery-failed`. */
export type Deliver = (parcel: {
  readonly body: string;
  readonly contentType: string;
  /** For errors, such as `1 record`. */
  readonly what: string;
}) => Promise<unknown>;

/** The sinks, passed in as values: integrations know what to send where, not how. */
export interface SinkFactories {
  readonly console: (options: { readonly outcomes: Outcomes }) => AdaptedCallback;
  readonly jsonl: (file: string, options: { readonly outcomes: Outcomes }) => AdaptedCallback;
  readonly otlp: (target: OtlpTarget) => AdaptedCallback;
  readonly delivery: (target: {
    readonly name: string;
    readonly endpoint: string;
    readonly headers: Readonly<Record<string, string>>;
  }) => Deliver;
}

/** What a row opens an integration with. */
export interface OpenContext {
  readonly name: string;
  readonly variables: Variables;
  readonly outcomes: Outcomes;
  readonly sinks: SinkFactories;
}

/** The environment of one integration. Blank variables count as unset. */
export class Variables {
  readonly #name: string;
  readonly #env: Env;

  /** `name` is the integration's, for errors. */
  constructor(name: string, env: Env) {
    this.#name = name;
    this.#env = env;
  }

  /** The first of these variables that is set. */
  get(...variables: readonly string[]): string | undefined {
    for (const variable of variables) {
      const value = this.#env[variable]?.trim();
      if (value !== undefined && value !== '') return value;
    }
    return undefined;
  }

  /** @throws RegattaError `callbacks/missing-variable` naming the first of them when none is set. */
  need(...variables: readonly [string, ...string[]]): string {
    const value = this.get(...variables);
    if (value === undefined) throw this.missing(variables[0]);
    return value;
  }

  /** As `get`, without slashes at its end. */
  url(variables: readonly string[], fallback: string): string {
    return (this.get(...variables) ?? fallback).replace(/\/+$/, '');
  }

  /** `a=b,c=d`, as OpenTelemetry's variables are written: values are percent-encoded. */
  pairs(...variables: readonly string[]): Readonly<Record<string, string>> {
    const pairs: Record<string, string> = {};
    for (const pair of (this.get(...variables) ?? '').split(',')) {
      const at = pair.indexOf('=');
      if (at > 0) pairs[pair.slice(0, at).trim()] = decode(pair.slice(at + 1).trim());
    }
    return pairs;
  }

  missing(variable: string): RegattaError {
    return new RegattaError(
      'callbacks/missing-variable',
      `The callback "${this.#name}" needs ${variable}, which is not set. Set it, or take the name out of the list.`,
      { name: this.#name, variable },
    );
  }
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value; // a percent sign that encodes nothing stands for itself
  }
}

/** Whether a variable says yes. */
export function isOn(value: string | undefined): boolean {
  return value?.toLowerCase() === 'true' || value === '1';
}
