// One SMS through an unmodified SDK. What to send comes as JSON on standard input; what the SDK said of it goes out as one line of JSON.
'use strict';
const { readFileSync } = require('fs');

const { sdk, host, port, credentials, message } = JSON.parse(readFileSync(0, 'utf8'));

// The SDKs' own log goes to the console; the answer must stay alone on the last line.
function tell(reply) { console.log('\n' + JSON.stringify(reply)); }

function callback(error, reply) {
  const messages = (reply && (reply.messages || (reply.body && reply.body.messages))) || null;
  tell({ error: error ? String(error.message || error) : null, messages });
}

async function version3() {
  const { Vonage } = require('@vonage/server-sdk');
  const url = `http://${host}:${port}`;
  try {
    const reply = await new Vonage(credentials, { restHost: url, apiHost: url }).sms.send(message);
    tell({ error: null, messages: reply.messages });
  } catch (error) {
    tell({ error: String(error.message), messages: (error.response && error.response.messages) || null });
  }
}

function callbacks(Sdk) {
  const client = new Sdk(credentials, { restHost: host, apiHost: host, host, port });
  const { from, to, text, body, udh, ...options } = message;
  if (message.type === 'binary') client.message.sendBinaryMessage(from, to, body, udh, options, callback);
  else client.message.sendSms(from, to, text, options, callback);
}

if (sdk === 'server-sdk-3') version3();
else callbacks(require(sdk === 'nexmo' ? 'nexmo' : 'vonage-server-sdk-2'));
