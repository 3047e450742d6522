// JsSIP, unmodified, in a page of headless Chromium: {browser, server, uri, user, password, to, text} on standard input. It registers, sends the text,
// and then takes texts until one says "bye". One line of output for each thing that happens.
'use strict';
const { readFileSync } = require('fs');
const { buildSync } = require('esbuild');

const input = JSON.parse(readFileSync(0, 'utf8'));
const library = buildSync({
  stdin: { contents: 'module.exports = require("jssip");', resolveDir: __dirname },
  bundle: true, format: 'iife', globalName: 'JsSIP', platform: 'browser', write: false,
}).outputFiles[0].text;

function run({ server, uri, user, password, to, text }) {
  const ua = new JsSIP.UA({
    sockets: [new JsSIP.WebSocketInterface(server)], uri, authorization_user: user, password, register_expires: 600, user_agent: 'browser',
  });
  ua.on('disconnected', (e) => say(`disconnected ${e.error || ''}`));
  ua.on('registrationFailed', (e) => say(`registration failed: ${e.cause}`));
  ua.on('newMessage', ({ originator, message, request }) => {
    if (originator !== 'remote') return;
    say(`received from ${request.from.uri.user}: ${request.body}`);
    if (request.body === 'bye') setTimeout(() => end(), 500); // the 200 leaves before the page is closed
  });
  ua.once('registered', () => {
    say('registered');
    ua.sendMessage(to, text, {
      eventHandlers: { succeeded: ({ response }) => say(`sent ${response.status_code}`), failed: ({ cause }) => say(`not sent: ${cause}`) },
    });
  });
  ua.start();
}

(async () => {
  const { launch } = await import('puppeteer-core');
  const browser = await launch({
    executablePath: input.browser, headless: true, acceptInsecureCerts: true,
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--ignore-certificate-errors'],
  });
  try {
    const page = await browser.newPage();
    await page.exposeFunction('say', (line) => console.log(line));
    const ended = new Promise((resolve) => page.exposeFunction('end', resolve).then(() => page.addScriptTag({ content: library }))
      .then(() => page.evaluate(run, input)).catch((e) => { console.log(`the page failed: ${e.message}`); resolve(); }));
    await ended;
  } finally {
    await browser.close();
  }
})();
