/** Fills a user's profile from a process of its own, so that what that takes is not measured: `fill.ts JSON`, the environment being the runtime's. */
import { profileFiller, wire } from '@fzip/local/wiring';

const wiring = wire(process.env as Record<string, string>);
await profileFiller(wiring)(JSON.parse(process.argv[2] ?? '{}'));
wiring.clients.destroy();
