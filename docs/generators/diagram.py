"""The README's diagram, drawn from templates: what starts what, what reads and writes what, and who is told."""

from collections import defaultdict
from collections.abc import Iterator

from generators.stacks import Place, Stacks, synthesized, words

ENVIRONMENT = "prod"
SERVICES = {"glue": "Glue", "sagemaker": "SageMaker"}
PROTOCOLS = {"email": "mail", "sms": "SMS"}
REGISTRY, CHAMPION = "AWS::SageMaker::ModelPackageGroup", "champion"
Edges = dict[tuple[str, str], list[str]]


def diagram(stacks: Stacks | None = None) -> str:
    """A Mermaid flowchart of one environment."""
    return "```mermaid\n" + "\n".join(_Drawing(stacks or synthesized(ENVIRONMENT)).lines()) + "\n```"


class _Drawing:
    """Nodes by stack, and edges with their labels; an edge is from what acts or changes to what that sets going."""

    def __init__(self, stacks: Stacks) -> None:
        self.stacks = stacks
        self.buckets = stacks.output_names("Storage", "Bucket")
        self.machines = {place: words(place.id)[-2].lower() for place in stacks.of_type(MACHINE)}
        self.topics = {place: words(place.id)[0].lower() for place in stacks.of_type("AWS::SNS::Topic")}
        self.buses = dict.fromkeys(stacks.of_type("AWS::Events::EventBus"), "bus")
        self.registry = dict.fromkeys(stacks.of_type(REGISTRY), "registry")
        self.names = self.buckets | self.machines | self.topics | self.buses | self.registry
        self.nodes: dict[str, dict[str, str]] = defaultdict(dict)
        self.edges: Edges = defaultdict(list)
        self._storage()
        self._workflows()
        self._schedules()
        self._rules()
        self._people()

    def lines(self) -> Iterator[str]:
        yield "flowchart LR"
        for stack, nodes in self.nodes.items():
            yield f"  subgraph {stack}"
            yield from (f"    {name}{shape}" for name, shape in nodes.items())
            yield "  end"
        for (start, end), labels in self.edges.items():
            both = "<" if "reads and writes" in labels else ""
            said = ", ".join(label for label in labels if label != "reads and writes")
            yield f"  {start} {both}-->" + (f'|"{said}"|' if said else "") + f" {end}"

    def _storage(self) -> None:
        for name in self.buckets.values():
            self.nodes["Storage"][name] = f'[("{name}")]'
        for place, name in self.registry.items():
            self.nodes[place.stack][name] = '[("model registry")]'

    def _workflows(self) -> None:
        for place, name in self.machines.items():
            jobs = defaultdict(list)
            for task in self.stacks.tasks(place):
                service = task.resource.partition(":")[0]
                if task.resource.endswith(".sync"):
                    jobs[SERVICES[service]].append(task.state)
                self._call(name, task.resource, task.refers_to)
            said = "".join(f"<br/>{service}: {', '.join(states)}" for service, states in jobs.items())
            self.nodes[place.stack][name] = f'[["<b>{name}</b>{said}"]]'
            self._data(place, name)
        for place, name in self.buses.items():
            self.nodes[place.stack][name] = '(["business events"])'
        self.nodes["Pipeline"][CHAMPION] = '[/"champion"/]'

    def _call(self, machine: str, resource: str, refers_to: frozenset[Place]) -> None:
        """What a task does besides running a job."""
        action = resource.removesuffix(".sync:2").rpartition(":")[2]
        if action == "startExecution":
            mentioned = self.stacks.mentioned(self._place(machine))
            for place, started in self.machines.items():
                if place in mentioned:
                    self._edge(machine, started)
        elif action == "putEvents":
            for place in refers_to & self.buses.keys():
                self._edge(machine, self.buses[place])
        elif action in ("putParameter", "createModelPackage"):
            self._edge(machine, CHAMPION if action == "putParameter" else "registry")
        elif action in ("getParameter", "describeModelPackage"):
            self._edge(CHAMPION if action == "getParameter" else "registry", machine)

    def _data(self, place: Place, name: str) -> None:
        """Buckets that a definition names; its role and those of its jobs say whether they are read or written."""
        jobs = (task for task in self.stacks.tasks(place) if task.resource.endswith(".sync"))
        workers = {place, *(worker for job in jobs for worker in job.refers_to)}
        reads, writes = self._allowed(workers, "s3:GetObject"), self._allowed(workers, "s3:PutObject")
        for bucket in sorted(self.stacks.mentioned(place) & self.buckets.keys()):
            label = "reads and writes" if bucket in reads and bucket in writes else ""
            start, end = (name, self.buckets[bucket]) if bucket in writes else (self.buckets[bucket], name)
            self._edge(start, end, label)

    def _allowed(self, owners: set[Place], action: str) -> set[Place]:
        """Resources on which the roles of these machines and jobs, or these roles themselves, may do something."""
        resources = {place: r for t in (MACHINE, "AWS::Glue::Job") for place, r in self.stacks.of_type(t).items()}
        roles = set(owners)
        for owner in owners & resources.keys():
            role = resources[owner].get("RoleArn") or resources[owner]["Role"]
            roles |= set(self.stacks.references(owner.stack, role))
        found: set[Place] = set()
        for place, policy in self.stacks.of_type("AWS::IAM::Policy").items():
            if roles & set(self.stacks.references(place.stack, policy["Roles"])):
                for statement in policy["PolicyDocument"]["Statement"]:
                    if action in statement["Action"]:
                        found |= set(self.stacks.references(place.stack, statement["Resource"]))
        return found

    def _schedules(self) -> None:
        for number, (place, schedule) in enumerate(self.stacks.of_type("AWS::Scheduler::Schedule").items(), start=1):
            name = f"schedule{number}"
            when = f"{schedule['ScheduleExpression']} {schedule['ScheduleExpressionTimezone']}"
            self.nodes[place.stack][name] = f'>"{schedule["Description"]}<br/>{when}"]'
            for target in self.stacks.references(place.stack, schedule["Target"]["Arn"]):
                self._edge(name, self.names[target])

    def _rules(self) -> None:
        for place, rule in self.stacks.of_type("AWS::Events::Rule").items():
            pattern = rule["EventPattern"]
            bus = set(self.stacks.references(place.stack, rule.get("EventBusName", {})))
            sources = bus or self.stacks.references(place.stack, pattern)
            starts = list(dict.fromkeys(self.names.get(source, "Pipeline") for source in sources))
            label = ", ".join(pattern["detail-type"]) if bus else rule["Description"]
            if "ModelPackageGroupName" in pattern.get("detail", {}):
                starts = [*self.registry.values()]
            for target in rule["Targets"]:
                for end in self.stacks.references(place.stack, target["Arn"]):
                    for start in starts:
                        self._edge(start, self.names[end], label if start == starts[0] else "")

    def _people(self) -> None:
        for place, name in self.topics.items():
            self.nodes[place.stack][name] = f'(["{name}"])'
        for place, subscription in self.stacks.of_type("AWS::SNS::Subscription").items():
            protocol = PROTOCOLS[subscription["Protocol"]]
            self.nodes["People"][protocol.lower()] = f'(("{protocol}"))'
            for topic in self.stacks.references(place.stack, subscription["TopicArn"]):
                self._edge(self.topics[topic], protocol.lower())
        alarms = self.stacks.of_type("AWS::CloudWatch::Alarm")
        self.nodes["Operations"]["alarms"] = f'{{{{"{len(alarms)} alarms"}}}}'
        watched = set()
        for place, composite in self.stacks.of_type("AWS::CloudWatch::CompositeAlarm").items():
            for topic in self.stacks.references(place.stack, composite["AlarmActions"]):
                self._edge("alarms", self.topics[topic])
        for place, alarm in alarms.items():
            watched |= {*self.stacks.references(place.stack, alarm.get("Dimensions", []))}
            watched |= self._publishers(alarm["MetricName"])
        self._watch({place: name for place, name in self.machines.items() if place in watched})

    def _publishers(self, metric: str) -> set[Place]:
        """The workflows that publish a metric of ours."""
        return {
            place
            for place in self.machines
            if any(
                task.resource.endswith("putMetricData") and f"'{metric}'" in str(task.arguments)
                for task in self.stacks.tasks(place)
            )
        }

    def _watch(self, watched: dict[Place, str]) -> None:
        """Alarms on every workflow of a stack hang on the stack as a whole, which spares the reader arrows."""
        for place, name in watched.items():
            siblings = {other for other in self.machines if other.stack == place.stack}
            self._edge(place.stack if len(siblings) > 1 and siblings <= watched.keys() else name, "alarms")

    def _place(self, machine: str) -> Place:
        return next(place for place, name in self.machines.items() if name == machine)

    def _edge(self, start: str, end: str, label: str = "") -> None:
        labels = self.edges[start, end]
        if label and label not in labels:
            labels.append(label)


MACHINE = "AWS::StepFunctions::StateMachine"
