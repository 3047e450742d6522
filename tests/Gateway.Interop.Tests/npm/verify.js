// The SDKs' own verifiers on a webhook as it arrived: {fields, secret, method} on standard input, {"server-sdk-3": true, …} as one line of JSON.
'use strict';
const { readFileSync } = require('fs');
const { Vonage } = require('@vonage/server-sdk');
const Vonage2 = require('vonage-server-sdk-2');

const { fields, secret, method } = JSON.parse(readFileSync(0, 'utf8'));

// The third generation's AlgorithmTypes, which its package does not export to callers: MD5HASH, and the HMACs by name.
const algorithm = method === 'md5hash' ? 'MD5HASH' : `${method.toUpperCase()}HMAC`;
const third = new Vonage({ apiKey: 'any', apiSecret: 'any' }).sms.verifySignature(fields.sig, fields, secret, algorithm);
const second = Vonage2.generateSignature(method, secret, fields).toLowerCase() === fields.sig.toLowerCase();

console.log('\n' + JSON.stringify({ 'server-sdk-3': third, 'server-sdk-2': second }));
