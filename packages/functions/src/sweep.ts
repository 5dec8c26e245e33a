/** sweep: on a schedule, what nobody else will do any more. */
import { sweep } from '@fzip/core';
import type { Context, ScheduledEvent } from 'aws-lambda';
import { type Binding, bindToAws, invocationOf } from './binding.ts';
import { measureWith, publishMetrics } from './telemetry.ts';

export const sweepConsumer =
  ({ ports, telemetry }: Binding) =>
  async (_event: ScheduledEvent, context: Context): Promise<void> => {
    try {
      const measure = measureWith(telemetry);
      const swept = await sweep({ ...ports(invocationOf(context)), measure });
      telemetry.logger.info('swept', { ...swept });
      measure('JobsRedriven', swept.redriven, {});
      measure('JobsFailedBySweep', swept.failed, {});
      measure('JobsBeyondPromise', swept.late, {});
    } finally {
      publishMetrics(telemetry);
    }
  };

export const handler = bindToAws('sweep', sweepConsumer);
