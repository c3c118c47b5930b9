/** What tests of crews need: a model that follows a script, and gates that force a schedule. */
export { createGate, type Gate } from './gate.ts';
export { createManualClock, type ManualClock } from './manual-clock.ts';
export { memoryJournal } from './memory-journal.ts';
export { type Scripted, type ScriptedModel, type ScriptStep, scriptedModel } from './scripted-model.ts';
