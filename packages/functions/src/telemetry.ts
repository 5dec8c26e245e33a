/** Logs and metrics, one pair for each function, named as its step. */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';

/** The namespace that the dashboards and alarms read. */
export const namespace = 'HouseF3/FZIP';

export type Telemetry = { logger: Logger; metrics: Metrics };

export { MetricUnit };

/** `silent` logs nothing: for tests, whose output is the tests'. Metrics are silenced by POWERTOOLS_METRICS_DISABLED. */
export const telemetry = (step: string, { silent = false } = {}): Telemetry => ({
  logger: new Logger({ serviceName: step, ...(silent ? { logLevel: 'SILENT' as const } : {}) }),
  metrics: new Metrics({ namespace, serviceName: step }),
});

/** Sends what a batch measured. Nothing measured is no news: Powertools would warn of it. */
export const publishMetrics = ({ metrics }: Telemetry): void => {
  if (metrics.hasStoredMetrics()) metrics.publishStoredMetrics();
};
