/** Logs and metrics, one pair for each function, named as its step. */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { type Measure, type MetricRules, metricNamespace, metrics as table } from '@fzip/core';

export type Telemetry = { logger: Logger; metrics: Metrics };

type Options = { silent?: boolean; namespace?: string | undefined };

/** `silent` logs nothing: for tests, whose output is the tests'. Metrics are silenced by POWERTOOLS_METRICS_DISABLED. */
export const telemetry = (step: string, { silent = false, namespace = metricNamespace }: Options = {}): Telemetry => ({
  logger: new Logger({ serviceName: step, ...(silent ? { logLevel: 'SILENT' as const } : {}) }),
  metrics: new Metrics({ namespace, serviceName: step }),
});

/** Takes measurements as the table has them; those with dimensions of their own leave at once, the others with the batch. */
export const measureWith =
  ({ metrics }: Telemetry): Measure =>
  (name, value, dimensions) => {
    const given = Object.entries<string>(dimensions);
    const target = given.length === 0 ? metrics : metrics.singleMetric();
    for (const [dimension, text] of given) target.addDimension(dimension, text);
    target.addMetric(name, units[table[name].unit], value);
  };

const units = {
  Count: MetricUnit.Count,
  Milliseconds: MetricUnit.Milliseconds,
  Bytes: MetricUnit.Bytes,
  None: MetricUnit.NoUnit,
} as const satisfies Record<MetricRules['unit'], unknown>;

/** Sends what a batch measured. Nothing measured is no news: Powertools would warn of it. */
export const publishMetrics = ({ metrics }: Telemetry): void => {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
};
