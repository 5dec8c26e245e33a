/** backup-validate: reads a stored volume back; the last of a set gives the verdict. */
import { type Job, validateVolume } from '@fzip/core';
import { bindToAws } from '../binding.ts';
import { consume } from '../consume.ts';
import { MetricUnit, type Telemetry } from '../telemetry.ts';

export const validateConsumer = consume('backup-validate', async ({ ports, message, telemetry }) => {
  const outcome = await validateVolume(ports, message);
  // Only whoever ended the job measures it: a message that found it ended adds nothing.
  if (outcome === 'settled') measure(telemetry, await ports.jobs.find(message.jobId));
  return outcome;
});

const measure = ({ metrics }: Telemetry, job: Job | undefined): void => {
  if (!job) return;
  const completed = job.status === 'backup_completed';
  metrics.addMetric('BackupSuccess', MetricUnit.Count, completed ? 1 : 0);
  metrics.addMetric('BackupDuration', MetricUnit.Milliseconds, (job.completedAt ?? job.updatedAt) - job.createdAt);
  if (job.packageSize !== undefined) metrics.addMetric('FZIPPackageSize', MetricUnit.Bytes, job.packageSize);
  if (job.validation) {
    metrics.addMetric('BackupValidationScore', MetricUnit.NoUnit, job.validation.score);
    metrics.addMetric('BackupIntegrityFailures', MetricUnit.Count, completed ? 0 : 1);
  }
};

export const handler = bindToAws('backup-validate', validateConsumer);
