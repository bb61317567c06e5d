import { type Product, startProduct } from './product.ts';

let shared: Promise<Product> | undefined;

/**
 * The product that all test files of one mocha process share: for tests that leave the servers and the flows
 * alone, and use ids of their own. Call it in a `before`; it stops after the last test of the process.
 */
export function sharedProduct(): Promise<Product> {
  shared ??= startProduct();
  return shared;
}

// At the top level of a file that mocha loads, this is a root hook.
after(async function stopSharedProduct() {
  this.timeout(60_000);
  const product = await shared?.catch(() => undefined);
  await product?.stop();
});
