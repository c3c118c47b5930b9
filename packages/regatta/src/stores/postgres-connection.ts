/** The driver's connections, as far as they are used here: its own types stay out of ours. */

export type Row = Readonly<Record<string, unknown>>;

/** A connection of the driver, as far as it is used here. */
export interface Connection {
  query(query: {
    readonly text: string;
    readonly values?: readonly unknown[];
    readonly name?: string;
  }): Promise<{
    readonly rows: readonly Row[];
  }>;
}

/** What a connection that listens has. */
export interface Notifying {
  on(event: 'notification', listener: (message: { readonly payload?: string | undefined }) => void): unknown;
  on(event: 'error' | 'end', listener: (error?: Error) => void): unknown;
}
