from dataclasses import replace

import pytest

from gtc_constructs.serving.disagg_deployment import DisaggDeployment
from gtc_spec import names
from gtc_spec.engines.trtllm import Trtllm
from gtc_spec.environment import ENVIRONMENTS, load
from gtc_spec.errors import ConfigError, UsageError
from gtc_spec.graph.existing import ExistingModels, ExistingPlatform
from gtc_spec.graph.model_ref import ModelRef
from gtc_spec.graph.serving import Serving
from gtc_spec.graph.workers import Workers, two_pools
from gtc_spec.manifests import config_maps
from gtc_spec.manifests.dgd import dynamo_graph_deployment
from tests.synthesised import ROOT, Synthesised

ENGINES = ROOT / "engine_configs"
PROD = Serving.of(load("prod"), ENGINES / "prod")
MODELS = ExistingModels(claim=names.MODEL_CLAIM)


def deployed(stack, id, serving, *, platform=None, **more):
    """A deployment on a cluster that has everything else."""
    return DisaggDeployment(
        stack, id, serving=serving, platform=platform or ExistingPlatform(), models=MODELS, **more
    )


def shipped(stack, name="gtc-demo"):
    [values] = Synthesised(stack).release(name)["values"]
    return values["manifests"]


def graph(stack, name="gtc-demo"):
    return shipped(stack, name)[-1]


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_but_for_its_engine_files_the_demo_ships_what_the_rehearsal_runs(stack, name):
    env = load(name)
    serving, pools = Serving.of(env, ENGINES / name), two_pools(env)

    models = None if serving.backend.brings_model else MODELS
    platform = ExistingPlatform(grove=env.grove)
    DisaggDeployment(stack, "it", serving=serving, platform=platform, models=models, **pools)

    expected = dynamo_graph_deployment(env)
    for mode in pools if env.nodes.gpus else ():
        digest = config_maps.engine_digest((ENGINES / name / f"{mode}.yaml").read_text())
        expected["spec"]["services"][names.service(mode)]["extraPodMetadata"] = {
            "annotations": {"gtc-demo.digitalocean.com/engine-config-digest": digest}
        }
    assert graph(stack) == expected


def test_engine_files_come_in_the_same_release_and_to_the_letter(stack):
    deployed(stack, "it", PROD)

    maps = {each["metadata"]["name"]: each["data"] for each in shipped(stack)[:-1]}

    for role in ("prefill", "decode"):
        text = (ENGINES / "prod" / f"{role}.yaml").read_text()
        assert maps[f"gtc-demo-engine-{role}"] == {f"{role}.yaml": text}


def test_without_grove_the_graph_says_so(stack):
    deployed(stack, "it", replace(PROD, grove=None), platform=ExistingPlatform(grove=False))

    assert graph(stack)["metadata"]["annotations"]["nvidia.com/enable-grove"] == "false"


def test_the_transport_is_one_argument(stack):
    backend = replace(PROD.backend, kv_transport="nixl")
    deployed(stack, "it", replace(PROD, backend=backend))

    assert '"NIXL"' in str(graph(stack)["spec"]["services"]["TrtllmDecodeWorker"])


def test_an_aggregated_deployment_serves_the_same_with_one_pool(stack):
    made = DisaggDeployment.aggregated(
        stack,
        "it",
        serving=replace(PROD, name="agg"),
        platform=ExistingPlatform(),
        models=MODELS,
        workers=Workers(replicas=5),
    )

    services = graph(stack, "agg")["spec"]["services"]
    assert list(services) == ["Frontend", "TrtllmWorker"]
    assert services["TrtllmWorker"]["replicas"] == 5
    assert made.workers.scale_target.name == "agg-trtllmworker"


def test_overrides_have_the_last_word(stack):
    def colour(manifest):
        manifest["metadata"]["labels"]["colour"] = "green"

    deployed(stack, "it", replace(PROD, overrides=colour))

    assert graph(stack)["metadata"]["labels"]["colour"] == "green"


def test_addresses_follow_the_name(stack):
    there = ExistingPlatform(workload_namespace="there")
    made = deployed(stack, "it", replace(PROD, name="llm", namespace=""), platform=there)

    assert made.frontend_url == "http://llm-frontend.there.svc:8000"
    assert made.dynamo_namespace == "there-llm"
    assert made.prefill.scale_target.name == "llm-trtllmprefillworker"


def test_the_demo_is_queried_as_in_the_rehearsal_and_others_by_their_model(stack):
    demo = deployed(stack, "demo", PROD)
    other = deployed(stack, "other", replace(PROD, name="llm"))

    rule = load("prod").pools.prefill.scale
    assert "model=" not in demo.prefill.trigger(rule).query
    assert 'model="meta-llama/llama-3.1-70b-instruct"' in other.prefill.trigger(rule).query


@pytest.mark.parametrize(
    ("serving", "workers", "says"),
    [
        (replace(PROD, name="Not A Name"), {}, "stack/it: name 'Not A Name' is not a name"),
        (replace(PROD, name="far-too-long"), {}, "stack/it: name 'far-too-long' has 12"),
        (replace(PROD, namespace="a_b"), {}, "stack/it: namespace 'a_b', allowed"),
        (PROD, {"decode": Workers(replicas=8)}, "stack/it: 1 TrtllmPrefillWorker + 8"),
        (
            replace(PROD, model=ModelRef(repository="meta-llama/Llama-3.1-70B-Instruct")),
            {},
            "stack/it: meta-llama/Llama-3.1-70B-Instruct on gpu-h200x8",
        ),
        (
            replace(PROD, backend=Trtllm(engine_configs=ROOT / "nowhere")),
            {},
            "stack/it: cannot read ",
        ),
    ],
)
def test_bad_input_is_one_line_with_the_path_of_the_construct(stack, serving, workers, says):
    with pytest.raises(UsageError) as caught:
        deployed(stack, "it", serving, **workers)

    assert caught.value.message.startswith(says)
    assert "\n" not in caught.value.message
    assert "allowed: " in caught.value.message or caught.value.hint


def test_a_typo_in_an_engine_file_names_construct_file_key_and_what_was_meant(stack):
    texts = {mode: (ENGINES / f"prod/{mode}.yaml").read_text() for mode in ("prefill", "decode")}
    texts["prefill"] = texts["prefill"].replace("dtype: fp8", "dtipe: fp8")

    with pytest.raises(ConfigError) as caught:
        deployed(stack, "it", replace(PROD, backend=Trtllm(engine_configs=texts)))

    assert caught.value.message.startswith(
        "stack/it: prefill.yaml: kv_cache_config.dtipe: got fp8, allowed: one of "
    )
    assert caught.value.message.endswith("(did you mean kv_cache_config.dtype?)")
    assert "\n" not in caught.value.message
