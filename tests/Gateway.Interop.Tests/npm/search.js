// What the SDKs of the second generation find of messages, and a conversion told by them. As send.js: JSON in, one line of JSON out.
'use strict';
const { readFileSync } = require('fs');

const { sdk, host, port, credentials, ids } = JSON.parse(readFileSync(0, 'utf8'));
const Sdk = require(sdk === 'nexmo' ? 'nexmo' : 'vonage-server-sdk-2');
const client = new Sdk(credentials, sdk === 'nexmo' ? { restHost: host, apiHost: host, host, port }
  : { restHost: `http://${host}`, apiHost: `http://${host}`, host: `http://${host}`, port });

function ask(what) {
  return new Promise(resolve => what((error, reply) => resolve({ error: error ? String(error.message || JSON.stringify(error)) : null, reply })));
}

(async () => {
  const one = await ask(callback => client.message.search(ids[0], callback));
  const many = await ask(callback => client.message.search(ids, callback));
  const conversion = await ask(callback => client.conversion.sms(ids[0], 1, '2026-11-24 12:00:00', callback));
  console.log('\n' + JSON.stringify({ one, many, conversion }));
})();
