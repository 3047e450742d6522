// What the SDKs read and change of an account, and a text sent through the Messages API. As send.js: JSON in, one line of JSON out.
'use strict';
const { readFileSync } = require('fs');

const { sdk, host, port, credentials, number, url, message } = JSON.parse(readFileSync(0, 'utf8'));

function tell(reply) { console.log('\n' + JSON.stringify(reply)); }

async function version3() {
  const { Vonage } = require('@vonage/server-sdk');
  const at = `http://${host}:${port}`;
  const client = new Vonage(credentials, { restHost: at, apiHost: at });
  const balance = await client.accounts.getBalance();
  const settings = await client.accounts.updateAccountCallbacks({ moCallBackUrl: `${url}/mo`, drCallBackUrl: `${url}/dr` });
  const updated = await client.numbers.updateNumber({ country: 'DE', msisdn: number, moHttpUrl: `${url}/number` });
  const numbers = await client.numbers.getOwnedNumbers();
  const sent = await client.messages.send(message);
  tell({ balance, settings, updated, numbers, sent });
}

async function version2() {
  const Sdk = require('nexmo');
  const client = new Sdk(credentials, { restHost: host, apiHost: host, host, port });
  const ask = what => new Promise((resolve, reject) => what((error, reply) => error ? reject(error) : resolve(reply)));
  const balance = await ask(callback => client.account.checkBalance(callback));
  await ask(callback => client.account.updateSMSCallback(`${url}/mo`, callback));
  const settings = await ask(callback => client.account.updateDeliveryReceiptCallback(`${url}/dr`, callback));
  const updated = await ask(callback => client.number.update('DE', number, { moHttpUrl: `${url}/number` }, callback));
  const numbers = await ask(callback => client.number.get({}, callback));
  tell({ balance, settings, updated, numbers });
}

(sdk === 'nexmo' ? version2() : version3()).catch(error => tell({ error: String(error.message || JSON.stringify(error)) }));
