import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { newContext } from '../harness.js';
import type { Application } from './app.js';

type Visit = (application: Application, play: (page: Page) => Promise<void>) => Promise<void>;

/** Declares a test of an example. What goes wrong in its pages, and what they complain of, fails it. */
export function usage(name: string, play: (visit: Visit) => Promise<void>): void {
  test(name, { timeout: 60_000 }, () => play(async (application, scene) => {
    const context = await newContext();
    const faults: string[] = [];
    context.on('weberror', (fault) => faults.push(String(fault.error())));
    context.on('console', (message) => {
      // What the browser says of a stream that was cut is none of the example's.
      if (/error|warning/.test(message.type()) && !message.text().includes('Failed to load resource')) faults.push(message.text());
    });
    try {
      await scene(await context.newPage());
      assert.deepEqual(faults, [], 'errors and warnings in the page');
    } finally {
      await context.close();
      await application.hub.down();
    }
  }));
}
