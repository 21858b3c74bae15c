// awesome-lint without the one rule that asks GitHub about the repository: a checkout may have no remote.
import process from 'node:process';
import lint from 'awesome-lint/index.js';
import config from 'awesome-lint/config.js';

const asksGitHub = entry => Array.isArray(entry) && entry[0].name === 'remark-lint:awesome-github';

await lint.report({filename: process.argv[2], config: config.filter(entry => !asksGitHub(entry))});
