/** Names a crew by where it is defined, so that another thread or machine can load it. */

export interface CrewRef {
  /** What workers know it by. */
  readonly name: string;
  /** URL of the module, as `import.meta.url` gives it. */
  readonly module: string;
  /** Name of the export. */
  readonly export: string;
  /** Of the definition; a run that is resumed elsewhere must find the same. @default '' */
  readonly version: string;
}
