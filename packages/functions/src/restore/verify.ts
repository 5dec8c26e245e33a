/** restore-verify: reads everything back and holds it against the package. */
import { type Job, verify } from '@fzip/core';
import { bindToAws } from '../binding.ts';
import { consume } from '../consume.ts';
import { MetricUnit, type Telemetry } from '../telemetry.ts';

export const verifyConsumer = consume('restore-verify', async ({ ports, message, telemetry }) => {
  const outcome = await verify(ports, message);
  if (outcome === 'settled') measure(telemetry, await ports.jobs.find(message.jobId));
  return outcome;
});

const measure = ({ metrics }: Telemetry, job: Job | undefined): void => {
  if (job?.status !== 'restore_completed') return;
  metrics.addMetric('RestoreSuccess', MetricUnit.Count, 1);
  metrics.addMetric('RestoreDuration', MetricUnit.Milliseconds, (job.completedAt ?? job.updatedAt) - job.createdAt);
};

export const handler = bindToAws('restore-verify', verifyConsumer);
