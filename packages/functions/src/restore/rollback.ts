/** restore-rollback: takes back exactly what a restore wrote. */
import { rollback } from '@fzip/core';
import { bindToAws } from '../binding.ts';
import { consume } from '../consume.ts';
import { MetricUnit } from '../telemetry.ts';

export const rollbackConsumer = consume('restore-rollback', async ({ ports, message, telemetry }) => {
  const outcome = await rollback(ports, message);
  if (outcome === 'settled') telemetry.metrics.addMetric('RestoreRollbacks', MetricUnit.Count, 1);
  return outcome;
});

export const handler = bindToAws('restore-rollback', rollbackConsumer);
