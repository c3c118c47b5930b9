/** Crews as files: YAML or JSON, crewAI's own included. */
export { readEnv } from './env-file.ts';
export { isProject } from './find-files.ts';
export { noteText, type ProjectNote } from './findings.ts';
export { loadProject, type Project } from './load-project.ts';
export { projectSchema, type SchemaName } from './schema.ts';
