/**
 * LiteLLM's `generic_api`: each finished call as a `StandardLoggingPayload`, posted to a URL of one's
 * own as a JSON array (litellm/integrations/generic_api/generic_api_callback.py, release 1.82.1).
 *
 * LiteLLM gathers up to 100 records for up to a minute. Here each call is posted when it ends, as an
 * array of one, so that nothing waits in memory and a failure is the failure of that call.
 */
import type { AdaptedCallback } from '../ports/callback.ts';
import { isOn, type OpenContext } from './integration.ts';
import { adaptLiteLLM } from './litellm/adapt.ts';
import type { LiteLLMCallback } from './litellm/callback.ts';
import type { CallKwargs } from './litellm/kwargs.ts';

export function openGenericApi({ name, variables, outcomes, sinks }: OpenContext): AdaptedCallback {
  const deliver = sinks.delivery({
    name,
    endpoint: variables.need('GENERIC_LOGGER_ENDPOINT'),
    headers: variables.pairs('GENERIC_LOGGER_HEADERS'),
  });
  const isOpen = isOn(variables.get('REGATTA_CAPTURE_CONTENT') ?? 'true');
  const post = async ({ standard_logging_object: payload }: CallKwargs): Promise<void> => {
    const body = JSON.stringify([isOpen ? payload : { ...payload, messages: null, response: null }]);
    await deliver({ body, contentType: 'application/json', what: '1 record' });
  };
  const logger: LiteLLMCallback = {
    ...(outcomes === 'failure' ? {} : { asyncLogSuccessEvent: post }),
    ...(outcomes === 'success' ? {} : { asyncLogFailureEvent: post }),
  };
  // It has at least one method of the contract, so it is adapted.
  return adaptLiteLLM(logger) as AdaptedCallback;
}
