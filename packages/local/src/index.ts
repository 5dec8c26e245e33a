/** The embedded runtime, for tests, benchmarks and commands. */
export { type Emulators, spawnEmulators, startEmulators } from './emulators/index.ts';
export { type Runtime, type RuntimeOptions, startRuntime } from './runtime.ts';
