/** Answers as OpenAI's chat completions give them, made here: one call of each tool that is offered, then text. */

interface ChatRequest {
  readonly messages: readonly { readonly role: string }[];
  readonly tools?: readonly { readonly function: { readonly name: string } }[];
}

/** @param body the request's, as JSON text */
export function chatCompletion(body: string): Response {
  const { messages, tools = [] } = JSON.parse(body) as ChatRequest; // the provider package wrote it
  const isAnswered = messages.some(({ role }) => role === 'tool');
  const calls = isAnswered
    ? []
    : tools.map(({ function: { name } }, index) => ({
        id: `call-${index}`,
        type: 'function',
        function: { name, arguments: '{}' },
      }));
  const content = calls.length > 0 ? null : `An answer to ${JSON.stringify(messages.at(-1))}`;
  return Response.json({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 0,
    model: 'gpt-stress',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content, ...(calls.length > 0 ? { tool_calls: calls } : {}) },
        finish_reason: calls.length > 0 ? 'tool_calls' : 'stop',
      },
    ],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  });
}

export function refusal(message: string): Response {
  return Response.json(
    { error: { message, type: 'invalid_request_error', code: 'invalid_api_key' } },
    { status: 401 },
  );
}
