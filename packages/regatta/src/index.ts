/** The public list, by hand. What is not here may change without notice. */

export type { ToolProtocol } from './agent/definition.ts';
export type { OnMemoryFailure } from './agent/memories.ts';
export type { AgentStep, StepCall, StepCallback } from './agent/step.ts';
// Definitions: frozen values that may serve any number of runs at once.
export { Agent, type AgentOptions, type PlanningOptions } from './api/agent.ts';
export type { AgentKickoffOptions, AgentOutput, AgentResumeOptions } from './api/agent-options.ts';
export type { AgentPart, AgentStream } from './api/agent-stream.ts';
// Calls of a model outside of any crew, and what comes out of them.
export type {
  CallFacts,
  CallInput,
  CallOptions,
  CallResult,
  ObjectResult,
  RefusalResult,
  TextResult,
  ToolCallsResult,
} from './api/call.ts';
export type { CallPart, CallStream } from './api/call-stream.ts';
// Events, and who hears, changes or stops them.
export {
  type Callback,
  type CallbackIdentity,
  type CallbackObject,
  type CallbackOptions,
  callback,
  type GuardCallback,
  type GuardOptions,
  guard,
  type TransformCallback,
  transform,
} from './api/callback.ts';
export { Crew } from './api/crew.ts';
export type {
  CrewOptions,
  ForkOptions,
  KickoffForEachOptions,
  KickoffOptions,
  OutputOf,
  ReplayOptions,
  ResumeOptions,
} from './api/crew-options.ts';
export { type CrewRefOptions, crewRef } from './api/crew-ref.ts';
export type { CrewChunk, CrewStream } from './api/crew-stream.ts';
export type { DurableCallback, DurableOptions } from './api/durable-callback.ts';
export {
  Embedder,
  type EmbedderOptions,
  type EmbedOptions,
  type EmbedResult,
} from './api/embedder.ts';
export type { EnvCallbacksMode } from './api/integrations.ts';
export { LLM, type LlmInput, type LlmOptions } from './api/llm.ts';
// What is known of models without asking them.
export {
  contextWindowOf,
  countTokens,
  listProviders,
  type ProviderInfo,
  type TokenCount,
} from './api/model-facts.ts';
// Runs, and the runtimes that hold what they share.
export { type RoutedModel, type RouterOptions, router } from './api/router.ts';
export { createRuntime, Runtime, type RuntimeOptions } from './api/runtime.ts';
export { Task, type TaskOptions } from './api/task.ts';
// Tests and training of crews.
export type { TestOptions } from './api/test-crew.ts';
export { type ThreadsOptions, threads } from './api/threads.ts';
export { toolCache } from './api/tool-cache.ts';
export type { TrainOptions } from './api/train-crew.ts';
// Seams, for implementations of your own.
export type { Clock, Random } from './base/clock.ts';
// Errors: one class, a closed union of codes.
export {
  type ErrorCode,
  type ErrorDetails,
  isRegattaError,
  type ModelFailure,
  type Problem,
  type ProjectProblem,
  RegattaError,
} from './base/errors.ts';
export type { Json, JsonObject } from './base/json.ts';
export type { InferSchema, ParseResult, Schema } from './base/schema.ts';
export type { Inputs } from './base/template.ts';
export { integrationNames } from './callbacks/integrations.ts';
export { type LiteLLMFunction, litellmFunction as litellmCallback } from './callbacks/litellm/adapt.ts';
export type { LiteLLMCallback } from './callbacks/litellm/callback.ts';
export type { CallKwargs } from './callbacks/litellm/kwargs.ts';
export type { StandardLoggingPayload } from './callbacks/litellm/standard-payload.ts';
export type { InputFile, InputFileOptions } from './context/input-files.ts';
export type {
  AfterKickoff,
  BeforeKickoff,
  ContextRequest,
  ContextStrategy,
  CreateContext,
  FailurePolicy,
  Process,
  TaskCallback,
  TaskCondition,
  TaskDefinition,
} from './crew/definition.ts';
export {
  formatScores,
  type TaskAverage,
  type TaskScore,
  type TestIteration,
  type TestResult,
} from './crew/score.ts';
export type { Candidate, Decide, DecideFacts } from './crew/team-options.ts';
export type { Lesson, TrainingData } from './crew/training-data.ts';
export type {
  Guardrail,
  GuardrailCheck,
  GuardrailContext,
  GuardrailOptions,
  GuardrailSubject,
  GuardrailVerdict,
} from './guardrail/definition.ts';
export type { Strategy } from './model/route-order.ts';
export type { BudgetLimits } from './observe/budget.ts';
export type { LaneCounts } from './observe/lane.ts';
export type { Registration } from './observe/registry.ts';
export type { CallContext } from './ports/call-context.ts';
export type { AdaptedCallback } from './ports/callback.ts';
export type { Cassette } from './ports/cassette.ts';
export type { DeliverOptions, DurableContext, DurableHandler } from './ports/durable.ts';
export type {
  Embedder as EmbedderPort,
  EmbedderDefinition,
  EmbedderSettings,
  EmbedReply,
  Vector,
} from './ports/embedder.ts';
export type { Engine, Job } from './ports/engine.ts';
export type { Guard, GuardContext, GuardPoint, GuardSubjects } from './ports/guard.ts';
export type {
  Fingerprint,
  Journal,
  JournaledRun,
  JournaledSteps,
  PrunePolicy,
  RunEnding,
  RunFilter,
  RunRecord,
  StepRecord,
  Written,
} from './ports/journal.ts';
export type { RateLimits } from './ports/limiter.ts';
export type { Experience, Memory, MemoryQuery, Recollection } from './ports/memory.ts';
export type {
  CircuitPolicy,
  LlmDefinition,
  Model,
  ModelEvent,
  ModelReply,
  ModelRequest,
  ModelSettings,
  OutputShape,
  RetryPolicy,
  TellNews,
  Timeouts,
  TokenCounter,
  ToolChoice,
  ToolSpec,
} from './ports/model.ts';
export type { EventPattern } from './ports/observer.ts';
export type { Env } from './ports/provider.ts';
export type { CachePolicy, CacheStats, ReplyStore } from './ports/reply-store.ts';
export type { RunContext } from './ports/run-context.ts';
export type { OverflowPolicy, Spill } from './ports/scope.ts';
export type { Skill } from './ports/skill.ts';
export type { EventDraft, Span } from './ports/span.ts';
export type {
  KeptText,
  NeedsApproval,
  OnFailure,
  Tool,
  ToolCache,
  ToolContext,
  ToolPolicy,
  ToolUse,
  UnknownOutcomePolicy,
} from './ports/tool.ts';
export { ToolError, type ToolErrorOptions } from './ports/tool-error.ts';
export type { CrewRef } from './protocol/crew-ref.ts';
export type { EventType, FinishReason, ReadableEvent, RunEvent } from './protocol/event.ts';
export type { InputAnswer, InputAnswers, InputKind, InputRequest, PendingInput } from './protocol/input.ts';
// Messages.
export type {
  AssistantMessage,
  FilePart,
  Message,
  ProviderPart,
  ReasoningPart,
  Source,
  SystemMessage,
  TextPart,
  ToolCallPart,
  ToolMessage,
  UserMessage,
} from './protocol/message.ts';
// What runs give back, and what they cost.
export type {
  CrewOutput,
  ErrorData,
  RunStatus,
  SkipReason,
  TaskOutput,
  TaskStatus,
} from './protocol/output.ts';
export type { PlanItem } from './protocol/team-event.ts';
export type {
  LedgerEntry,
  Price,
  PriceRates,
  Saved,
  Usage,
  UsageReport,
  UsageTotals,
} from './protocol/usage.ts';
export type { Audit } from './run/audit.ts';
export { type CurrentRun, currentRun } from './run/current.ts';
export type { OnInput } from './run/inputs.ts';
export type { JournalInput } from './run/journals.ts';
export { pendingInputsOf, respond } from './run/respond.ts';
export type { ForkPoint } from './run/resume.ts';
export type { FlushOptions, Run } from './run/run.ts';
export { type ConsoleSinkOptions, consoleSink } from './sinks/console.ts';
export { type JsonlSinkOptions, jsonlSink } from './sinks/jsonl.ts';
export { type OtlpSink, type OtlpSinkOptions, otlpSink } from './sinks/otlp.ts';
// Where replies of models are kept.
export { type MemoryCache, type MemoryCacheOptions, memoryCache } from './stores/memory-cache.ts';
export { type SqliteCache, type SqliteCacheOptions, sqliteCache } from './stores/sqlite-cache.ts';
// Where runs are recorded.
export { type SqliteJournalOptions, sqliteJournal } from './stores/sqlite-journal.ts';
export { defineTool, type ToolOptions } from './tool/define-tool.ts';
export { onFailureOf } from './tool/failure-policy.ts';
export { type ApprovalOptions, withApproval, withPolicy } from './tool/policy.ts';
export type { ToolCacheOptions } from './tool/tool-cache.ts';
