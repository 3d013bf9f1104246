"""QualityRuleset: the rules as far as the curated table can show them, in DQDL, to be run from Glue's console."""

import math
from collections.abc import Iterator

from aws_cdk import aws_glue as glue
from constructs import Construct

from pipeline_code.quality_rules import GUARANTEES, QUALITY_RULES
from stacks.config import Settings


class QualityRuleset(Construct):
    """A Glue Data Quality ruleset of the table `messages`; nothing runs it by itself, and no run waits for it."""

    def __init__(self, scope: Construct, id_: str, *, settings: Settings, table: glue.CfnTable) -> None:
        super().__init__(scope, id_)
        self.ruleset = glue.CfnDataQualityRuleset(
            self,
            "Ruleset",
            name=f"criba-{settings.name}-messages",
            description="What CleanMessages guarantees of the curated messages",
            ruleset=dqdl(settings),
            target_table=glue.CfnDataQualityRuleset.DataQualityTargetTableProperty(
                database_name=table.database_name, table_name=table.ref
            ),
        )


def dqdl(settings: Settings) -> str:
    """The ruleset's text: what refused records leave true of the table, then the dataset-level rules.

    A rule with a source in it stands once for each source. Dynamic rules, which compare with earlier evaluations, are
    not for tables of the catalog: what needs a history is judged in the run alone.
    """
    names = {
        "longest_text": 2 * settings.cleaning.max_text_bytes,
        "sources": ", ".join(f'"{source}"' for source in settings.sources),
    }
    rules = [one.dqdl.format(**names) for one in GUARANTEES]
    rules += [text for one in QUALITY_RULES if one.dqdl for text in _of_sources(one.dqdl, settings)]
    return "Rules = [\n    " + ",\n    ".join(rules) + "\n]\n"


def _of_sources(text: str, settings: Settings) -> Iterator[str]:
    """A rule's text for every source, or once; a limit that is never reached needs no rule."""
    if "{source}" not in text:
        yield text
        return
    for source in settings.sources:
        hours = settings.quality.of(source).freshness_hours_warn
        if not math.isinf(hours):
            yield text.format(source=source, hours=math.ceil(hours))
