/** Loaded before the test files of flows/ and browser/: what they share is stopped after the last of them. */
import { stopSharedProduct } from './product.ts';

export const mochaHooks = {
  async afterAll(this: Mocha.Context) {
    this.timeout(60_000);
    await stopSharedProduct();
  },
};
