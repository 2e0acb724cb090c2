"""The published bindings, imported in part and a little newer than they were published."""

import cdktf_cdktf_provider_kubernetes as kubernetes

from gtc_constructs._bindings import App, Nfs, TerraformOutput, TerraformStack
from gtc_constructs.terraform.published import PROVIDERS
from tests.synthesised import Synthesised


def test_a_program_finds_other_resources_in_the_package_as_ever():
    assert PROVIDERS[-1] == kubernetes.__name__
    assert kubernetes.endpoints_v1.EndpointsV1.TF_RESOURCE_TYPE == "kubernetes_endpoints_v1"
    assert not hasattr(kubernetes, "no_such_resource")


def test_a_share_has_what_its_provider_has_learnt_since(tmp_path):
    stack = TerraformStack(App(outdir=str(tmp_path)), "stack")
    share = Nfs(
        stack, "share", name="s", region="nyc2", size=50, vpc_id="v", performance_tier="high"
    )
    TerraformOutput(stack, "from", value=f"{share.host}:{share.mount_path}", static_id=True)

    written = Synthesised(stack)
    assert written.resource("digitalocean_nfs")["performance_tier"] == "high"
    there = "digitalocean_nfs.share"
    assert written.json["output"]["from"]["value"] == f"${{{there}.host}}:${{{there}.mount_path}}"
