// Lets an outside judge of Server-Sent Events clients drive the fetch transport under Node, as conformance/clientservice
// does for the Go client:
//
//	npm run --silent clientservice -- --addr 127.0.0.1:8000
//	sse-contract-tests -url http://127.0.0.1:8000
//
// It does what anybody asks of it and belongs on a machine's own network only.
import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { service } from './service.js';

const { values: { addr } } = parseArgs({ options: { addr: { type: 'string', default: '127.0.0.1:8000' } } });
const { hostname, port } = new URL(`http://${addr}`);
const server = service(() => process.exit());
process.once('SIGINT', () => process.exit());
server.listen(Number(port), hostname, () => {
  const { address, port } = server.address() as AddressInfo;
  console.log(`http://${address}:${port}`);
});
