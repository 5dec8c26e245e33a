/** sweep: on a schedule, what nobody else will do any more. */
import { sweep } from '@fzip/core';
import type { Context, ScheduledEvent } from 'aws-lambda';
import { type Binding, bindToAws, invocationOf } from './binding.ts';
import { MetricUnit, publishMetrics } from './telemetry.ts';

export const sweepConsumer =
  ({ ports, telemetry }: Binding) =>
  async (_event: ScheduledEvent, context: Context): Promise<void> => {
    try {
      const swept = await sweep(ports(invocationOf(context)));
      telemetry.logger.info('swept', { ...swept });
      telemetry.metrics.addMetric('JobsRedriven', MetricUnit.Count, swept.redriven);
      telemetry.metrics.addMetric('JobsFailedBySweep', MetricUnit.Count, swept.failed);
    } finally {
      publishMetrics(telemetry);
    }
  };

export const handler = bindToAws('sweep', sweepConsumer);
