/** What tests of crews need: a model that follows a script, gates that force a schedule, an auditor of traces. */
export { type CassetteOptions, cassette } from './cassette.ts';
export type { Redaction } from './cassette-scrub.ts';
export { type CheckJournalOptions, checkJournal } from './check-journal.ts';
export { checkMemory, type MemoryCheckOptions } from './check-memory.ts';
export { type AuditCounts, checkTrace, type TraceEvidence } from './check-trace.ts';
export { createGate, type Gate } from './gate.ts';
export { createManualClock, type ManualClock } from './manual-clock.ts';
export { memoryJournal } from './memory-journal.ts';
export { type Scripted, type ScriptedModel, type ScriptStep, scriptedModel } from './scripted-model.ts';
