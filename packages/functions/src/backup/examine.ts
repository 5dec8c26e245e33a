/** backup-examine: looks at a completed backup once more, as its user asked. */
import { examine, type Job } from '@fzip/core';
import { bindToAws } from '../binding.ts';
import { consume } from '../consume.ts';
import { MetricUnit, type Telemetry } from '../telemetry.ts';

export const examineConsumer = consume('backup-examine', async ({ ports, message, telemetry }) => {
  const outcome = await examine(ports, message);
  if (outcome === 'settled') measure(telemetry, await ports.jobs.find(message.jobId));
  return outcome;
});

const measure = ({ metrics }: Telemetry, job: Job | undefined): void => {
  if (job?.status !== 'validation_completed' || job.examination?.mode !== 'deep') return;
  metrics.addMetric('BackupIntegrityFailures', MetricUnit.Count, job.examined?.ok ? 0 : 1);
};

export const handler = bindToAws('backup-examine', examineConsumer);
