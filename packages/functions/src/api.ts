/** api: the HTTP API behind API Gateway v2 and its JWT authorizer. */
import { createApp } from '@fzip/api';
import { times } from '@fzip/core';
import type { APIGatewayProxyEventV2WithJWTAuthorizer, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { handle, type LambdaContext, type LambdaEvent } from 'hono/aws-lambda';
import { type Binding, bindToAws } from './binding.ts';
import { measureWith, publishMetrics } from './telemetry.ts';

type ApiHandler = (
  event: APIGatewayProxyEventV2WithJWTAuthorizer,
  context: Context,
) => Promise<APIGatewayProxyStructuredResultV2>;

export const apiConsumer = ({ ports, telemetry }: Binding): ApiHandler => {
  const app = createApp({
    ports: ({ id }) => ({
      ...ports({ id, deadline: Date.now() + times.requestAtMost }),
      measure: measureWith(telemetry),
    }),
    log: (message, { error, ...fields }) => telemetry.logger.error(message, { ...fields, error: error as Error }),
  });
  const handler = handle(app);
  return async (event, context) => {
    try {
      return (await handler(
        event as unknown as LambdaEvent,
        context as LambdaContext,
      )) as APIGatewayProxyStructuredResultV2;
    } finally {
      publishMetrics(telemetry);
    }
  };
};

export const handler = bindToAws('api', apiConsumer);
