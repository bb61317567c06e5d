/** The editor in a real browser. */
import { type Browser, chromium, type Page } from 'playwright-core';

/** Debian's package. */
const CHROMIUM = '/usr/bin/chromium';
const LOADED_MS = 30_000;

export function openBrowser(): Promise<Browser> {
  // Root, as in a container, may not use Chromium's sandbox.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: CHROMIUM, args });
}

/** Opens the editor, logs in and waits until the flows are on the screen. */
export async function openEditorPage(
  browser: Browser,
  url: string,
  email: string,
  password: string,
): Promise<Page> {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  await page.goto(`${url}/editor/`);
  await page.fill('#node-dialog-login-username', email);
  await page.fill('#node-dialog-login-password', password);
  await page.click('#node-dialog-login-submit');
  await page.waitForSelector('#red-ui-loading-progress', { state: 'hidden', timeout: LOADED_MS });
  await page.waitForSelector('#red-ui-header-button-deploy.disabled', { timeout: LOADED_MS });
  return page;
}
