/** Says which keys are at hand. A demonstration that costs money must be asked for by name. */
import type { Env } from '../../index.ts';

const PROVIDERS: Readonly<Record<string, string>> = {
  OPENAI_API_KEY: 'openai',
  ANTHROPIC_API_KEY: 'anthropic',
  GOOGLE_GENERATIVE_AI_API_KEY: 'google',
  GEMINI_API_KEY: 'google',
  CEREBRAS_API_KEY: 'cerebras',
  DEEPSEEK_API_KEY: 'deepseek',
  FIREWORKS_API_KEY: 'fireworks',
  GROQ_API_KEY: 'groq',
  MISTRAL_API_KEY: 'mistral',
  OPENROUTER_API_KEY: 'openrouter',
  PERPLEXITY_API_KEY: 'perplexity',
  TOGETHER_API_KEY: 'togetherai',
  XAI_API_KEY: 'xai',
};

/** One line for each key in `env`. No value is shown. */
export function keyNotes(env: Env): readonly string[] {
  return Object.entries(PROVIDERS).flatMap(([variable, provider]) =>
    env[variable] ? [`${variable} is set; it is not used. Run with --llm ${provider}/… to use it.`] : [],
  );
}
