/** analytics-refresh: a profile was restored, so what was computed from it is stale. */
import type { AnalyticsRefreshMessage } from '../messages.ts';
import type { Ports } from '../ports.ts';

export const analyticsRefresh = async (
  ports: Ports,
  event: AnalyticsRefreshMessage,
): Promise<'marked' | 'unknown-job'> => {
  const job = await ports.jobs.find(event.subject);
  // The event names a user; the job decides whose analytics these are.
  if (job?.jobType !== 'restore' || job.userId !== event.data.userId) return 'unknown-job';
  await ports.profiles.markAnalyticsStale(job.userId, ports.clock());
  return 'marked';
};
