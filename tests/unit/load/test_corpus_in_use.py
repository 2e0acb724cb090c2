"""A corpus reaches the requests of the load process."""

from gtc_runtime.corpus import curate, tokens
from gtc_runtime.load.demand.forms import Rate
from gtc_spec.workloads import WorkloadMix
from tests.unit.load.test_process import process, until


async def build(out):
    await curate.build(curate.Order(out, "dev", offline=True), tokens.estimate(), lambda _: None)
    return out


async def test_the_load_process_asks_about_the_documents_of_a_corpus(server, settings, tmp_path):
    home = await build(tmp_path / "corpus")

    async with process(settings(server.url, corpus=home)) as (child, book, _):
        await child.set_load(Rate(rps=20, mix=WorkloadMix(0, 100, 0), pacing="paced"))
        await until(lambda: book.totals()["all"].ok >= 5, limit_s=20)

    asked = [body["messages"][0]["content"] for body in server.bodies]
    assert all("\n\nReader " in text for text in asked)
    assert len({text.split()[0] for text in asked}) == len(asked), "no two share a prefix"


async def test_a_corpus_that_has_gone_is_no_reason_not_to_start(server, settings, tmp_path):
    async with process(settings(server.url, corpus=tmp_path / "gone")) as (child, book, _):
        await child.set_load(Rate(rps=20, mix=WorkloadMix(0, 100, 0), pacing="paced"))
        await until(lambda: book.totals()["all"].ok >= 1, limit_s=20)
