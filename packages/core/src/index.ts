export * from './events.ts';
export * from './ids.ts';
export * from './jobs.ts';
export * from './limits.ts';
export * from './messages.ts';
export * from './ports.ts';
export * from './topology.ts';
