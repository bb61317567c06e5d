/** The page of documentation, on a machine without internet. */
import assert from 'node:assert/strict';
import type { Browser } from 'playwright-core';
import { openBrowser } from '../support/editor-page.ts';
import type { Product } from '../support/product.ts';
import { sharedProduct } from '../support/shared-product.ts';

describe('the documentation in a browser', function () {
  this.timeout(60_000);
  let product: Product;
  let browser: Browser;

  before(async () => {
    [product, browser] = await Promise.all([sharedProduct(), openBrowser()]);
  });
  after(() => browser?.close());

  it('shows the API and lets one try it, and asks no other server for anything', async () => {
    const page = await browser.newPage();
    const elsewhere: string[] = [];
    const mistakes: string[] = [];
    page.on('request', (request) => {
      const url = request.url();
      if (!url.startsWith(product.baseUrl) && !/^(data|blob):/.test(url)) elsewhere.push(url);
    });
    page.on('pageerror', (error) => mistakes.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') mistakes.push(message.text());
    });
    await page.goto(`${product.baseUrl}/docs`);
    await page.getByText('operations', { exact: true }).first().click();
    await page.getByText('Is the process alive?').first().click();
    await page.getByRole('button', { name: /Test Request.*\/healthz/ }).click();
    const answered = page.waitForResponse(`${product.baseUrl}/healthz`);
    await page.getByRole('button', { name: /^Send/ }).first().click();
    assert.equal((await answered).status(), 200);
    assert.deepEqual(elsewhere, []);
    assert.deepEqual(mistakes, []);
  });
});
