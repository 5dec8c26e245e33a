/** A function's world: what it is bound to once, and what it gets anew for each invocation. */
import { awsClients, awsPorts, configFromEnvironment } from '@fzip/aws';
import type { Invocation, Ports } from '@fzip/core';
import type { Context } from 'aws-lambda';
import { type Telemetry, telemetry } from './telemetry.ts';

export type Binding = { ports: (invocation: Invocation) => Ports; telemetry: Telemetry };

export const invocationOf = (context: Context): Invocation => ({
  id: context.awsRequestId,
  deadline: Date.now() + context.getRemainingTimeInMillis(),
});

/** The binding of a deployed function, made from its environment. @throws Error naming every variable that is missing or wrong */
const awsBinding = (step: string): Binding => {
  const config = configFromEnvironment();
  const bound = telemetry(step, { namespace: config.metricsNamespace });
  const ports = awsPorts(config, awsClients(), {
    audit: (line) => bound.logger.info('audit', { audit: { ...line } }),
  });
  return { telemetry: bound, ports: (invocation) => ({ ...ports, invocation }) };
};

/**
 * A Lambda handler. In a Lambda it is bound as its module is loaded, so that a setting that is missing or wrong fails the cold start with
 * its name; elsewhere at the first call, so that its module can be loaded anywhere.
 */
export const bindToAws = <E, R>(
  step: string,
  consumer: (binding: Binding) => (event: E, context: Context) => Promise<R>,
): ((event: E, context: Context) => Promise<R>) => {
  const bind = () => consumer(awsBinding(step));
  let bound = isInLambda() ? bind() : undefined;
  return (event, context) => {
    bound ??= bind();
    return bound(event, context);
  };
};

/** AWS sets it in every function, and nothing else does. */
const isInLambda = (): boolean => process.env.AWS_LAMBDA_FUNCTION_NAME !== undefined;
