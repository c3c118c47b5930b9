/** A worker process of the benchmark, ours or plain DBOS: `worker.ts ours|plain URL`. */
import { DBOS } from '@dbos-inc/dbos-sdk';
import { createWorker } from 'regatta/dbos';
import { job } from './job.ts';

const [kind, connectionString = ''] = process.argv.slice(2);

if (kind === 'ours') await createWorker({ connectionString, crews: [job] });
else await startPlain();
process.send?.('ready');

/** The same children, a step for each answer, and one for each line of the ledger: what a run costs without our journal. */
async function startPlain(): Promise<void> {
  const logger = {
    info: () => undefined,
    debug: () => undefined,
    warn: () => undefined,
    error: console.error,
  };
  DBOS.setConfig({
    name: 'plain',
    systemDatabaseUrl: connectionString,
    systemDatabaseSchemaName: 'plain',
    executorID: `plain-${process.pid}`,
    applicationVersion: '1',
    listenQueues: ['plain'],
    enableOTLP: false,
    logger,
  });
  const step = (name: string) =>
    DBOS.runStep(async () => ({ text: 'An answer of a few words.', name }), { name });
  const call = async (name: string) => {
    await step(`${name}:attempt`);
    const reply = await step(`${name}:model`);
    await step(`${name}:entry`);
    return reply;
  };
  const study = DBOS.registerWorkflow(
    async () => {
      await call('turn-1');
      await Promise.all([step('tool-0'), step('tool-1')]);
      return await call('turn-2');
    },
    { name: 'study' },
  );
  const report = DBOS.registerWorkflow(async () => await call('turn-1'), { name: 'report' });
  DBOS.registerWorkflow(
    async (inputs: object) => {
      const facts = await (await DBOS.startWorkflow(study)()).getResult();
      const page = await (await DBOS.startWorkflow(report)()).getResult();
      return { inputs, facts, page };
    },
    { name: 'job' },
  );
  await DBOS.launch();
  await DBOS.registerQueue('plain', {
    workerConcurrency: 50,
    minPollingIntervalMs: 20,
    onConflict: 'always_update',
  });
}
