/** analytics-refresh: a subscriber of `restore.completed`; what was computed from the old profile is stale. */
import { analyticsRefresh } from '@fzip/core';
import { bindToAws } from '../binding.ts';
import { consume } from '../consume.ts';

export const analyticsRefreshConsumer = consume('analytics-refresh', ({ ports, message }) =>
  analyticsRefresh(ports, message),
);

export const handler = bindToAws('analytics-refresh', analyticsRefreshConsumer);
