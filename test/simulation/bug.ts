/** A deliberate mistake: what it changes of what the world or the product does. Product code knows nothing of it. */
import type { Ports } from '@fzip/core';
import type { MemoryPorts } from '@fzip/testing';
import type { Process } from './process.ts';
import type { World } from './world.ts';

export type Bug = {
  name: string;
  /** Of the services, for everybody. */
  services?(services: MemoryPorts, world: World): MemoryPorts;
  /** Of what a process sees of them. */
  ports?(ports: Ports, process: Process, world: World): Ports;
  /** Of a message, as its consumer gets it. */
  received?(body: string, world: World): string;
  /** Messages are acknowledged when they are received. */
  acknowledgesFirst?: true;
  /** Dead letters are let go unread. */
  ignoresDeadLetters?: true;
};
