// The SDK's own verifier on the token of a webhook: {token, secret} on standard input, {"right": …, "wrong": …} (by another secret) as one line of JSON.
'use strict';
const { readFileSync } = require('fs');
const { verifySignature } = require('@vonage/jwt');

const { token, secret } = JSON.parse(readFileSync(0, 'utf8'));
console.log('\n' + JSON.stringify({ right: verifySignature(token, secret), wrong: verifySignature(token, `${secret}x`) }));
