"""What can be missing before a deployment: one function a fault, and which check must find it."""

from __future__ import annotations

from collections.abc import Callable

from gtc_runtime.checks.doctor.origins import SCOPES
from gtc_spec import names
from tests.contract.doctor.conftest import World, in_hours
from tests.digitalocean.account import TOKEN, Registry
from tests.digitalocean.spaces import KEY_ID

Break = Callable[[World], None]
GPU = "gpu-h200x8-1128gb"


def a_secret_is_missing(world: World) -> None:
    world.problems["HF_TOKEN"] = "HF_TOKEN is not set: HuggingFace token, for gated models"


def terraform_is_old(world: World) -> None:
    world.tool("terraform", '{"terraform_version": "1.9.8"}')


def terraform_is_missing(world: World) -> None:
    world.no_tool("terraform")


def node_is_old(world: World) -> None:
    world.tool("node", "v18.19.0")


def docker_is_missing(world: World) -> None:
    world.no_tool("docker")


def the_docker_daemon_is_down(world: World) -> None:
    world.tool("docker", fails="Cannot connect to the Docker daemon at unix:///var/run/docker.sock")


def doctl_is_missing(world: World) -> None:
    world.no_tool("doctl")


def kubectl_is_missing(world: World) -> None:
    world.no_tool("kubectl")


def the_token_is_refused(world: World) -> None:
    world.token = "dop_v1_of_somebody_else"


def the_account_is_locked(world: World) -> None:
    world.cloud.account.status = "locked"


def the_api_is_away(world: World) -> None:
    world.places["api"] = "http://127.0.0.1:1"


def the_api_is_broken(world: World) -> None:
    world.cloud.fault(path="^/v2/account$", status=503)


def the_api_asks_to_wait(world: World) -> None:
    world.cloud.fault(status=429, message="API rate limit exceeded.")


def the_token_may_only_read(world: World) -> None:
    world.cloud.account.tokens[TOKEN] = frozenset({"read"})


def the_token_may_do_nothing_with_shares(world: World) -> None:
    scopes = {each for each in SCOPES if not each.startswith("nfs:")}
    world.cloud.account.tokens[TOKEN] = frozenset(scopes)


def doctl_has_another_account(world: World) -> None:
    world.doctl_is(email="other@example.com", team={"name": "other", "uuid": "1234"})


def doctl_has_no_such_context(world: World) -> None:
    refusal = '{"errors":[{"detail":"unable to initialize DigitalOcean API client"}]}'
    world.script("doctl", f"[ $1 = version ] && echo 1.154.0 || {{ echo '{refusal}'; exit 1; }}")


def the_droplet_limit_is_reached(world: World) -> None:
    world.cloud.account.droplet_limit = 5


def there_is_no_such_region(world: World) -> None:
    world.another_env(region="xyz9")


def the_gpus_are_elsewhere(world: World) -> None:
    on_demand(world)
    change(world, GPU, regions=["nyc2"])


def the_account_has_no_gpus(world: World) -> None:
    on_demand(world)
    change(world, GPU, regions=[])


def there_is_no_such_gpu_size(world: World) -> None:
    on_demand(world)
    world.cloud.account.sizes = [s for s in world.cloud.account.sizes if s["slug"] != GPU]


def the_gpus_are_sold_out(world: World) -> None:
    on_demand(world)
    change(world, GPU, available=False)


def the_small_nodes_are_elsewhere(world: World) -> None:
    change(world, "s-2vcpu-4gb", regions=["nyc2"])


def the_list_of_sizes_is_broken(world: World) -> None:
    world.cloud.fault(path="^/v2/sizes$", status=500)


def the_release_line_is_retired(world: World) -> None:
    world.cloud.account.versions = ["1.36.1-do.0", "1.35.2-do.0"]


def kubernetes_is_not_in_the_region(world: World) -> None:
    world.cloud.account.kubernetes_regions.discard("atl1")


def nfs_is_not_in_the_region(world: World) -> None:
    world.cloud.account.nfs_regions.discard("atl1")


def somebody_has_a_cluster_of_our_name(world: World) -> None:
    running(world, "their-tag")


def the_other_environment_is_deployed(world: World) -> None:
    running(world, names.environment_tag("dev"))


def another_checkout_has_deployed_it(world: World) -> None:
    running(world, names.environment_tag("prod"))


def there_is_no_registry(world: World) -> None:
    world.cloud.account.registry = None


def the_account_has_another_registry(world: World) -> None:
    world.cloud.account.registry = Registry(name="mine")


def the_registry_is_full(world: World) -> None:
    full = Registry(tier="starter", used_bytes=450 * 2**20, included_bytes=500 * 2**20,
                    overage=False)  # fmt: skip
    world.cloud.account.registry = full


def the_registry_takes_no_more_repositories(world: World) -> None:
    one = Registry(tier="starter", included_repositories=1, repositories=["other"])
    world.cloud.account.registry = one


def there_is_no_such_bucket(world: World) -> None:
    world.places["bucket"] = "somebody-elses-bucket"


def the_key_of_the_bucket_is_unknown(world: World) -> None:
    world.spaces.grants.clear()


def the_key_may_only_read(world: World) -> None:
    world.spaces.grants[KEY_ID] = "read"


def the_store_is_away(world: World) -> None:
    world.places["spaces"] = "http://127.0.0.1:1"


def the_hub_does_not_know_the_token(world: World) -> None:
    world.around.hf_tokens.clear()


def the_licence_is_not_accepted(world: World) -> None:
    world.around.gated.add(world.env.model.repository)


def the_repository_is_gone(world: World) -> None:
    world.around.missing.add(world.env.model.repository)


def the_hub_is_away(world: World) -> None:
    world.places["hub"] = "http://127.0.0.1:1"


def the_inference_key_is_refused(world: World) -> None:
    world.around.inference_keys.clear()


def the_followup_models_are_retired(world: World) -> None:
    world.around.models[:] = ["another-model"]


def inference_wants_to_be_paid(world: World) -> None:
    world.around.inference_status = 402


def there_is_no_end_date(world: World) -> None:
    world.env = world.env.model_copy(update={"until": None})


def the_end_date_has_passed(world: World) -> None:
    world.env = world.env.model_copy(update={"until": in_hours(-1)})


def on_demand(world: World) -> None:
    """Take the size that anybody may order."""
    nodes = world.env.nodes.model_copy(update={"size": GPU})
    world.env = world.env.model_copy(update={"nodes": nodes})


def change(world: World, slug: str, **facts: object) -> None:
    """Let the account see a size otherwise."""
    sizes = world.cloud.account.sizes
    sizes[:] = [each | facts if each["slug"] == slug else each for each in sizes]


def running(world: World, *tags: str) -> None:
    """Let the account have a cluster of our name."""
    who = world.cloud.account
    who.clusters["1"] = {
        "id": "1", "name": names.DEMO, "tags": list(tags), "node_pools": [],
        "made": who.clock.now(), "vpc_uuid": "2",
    }  # fmt: skip


BREAKAGES: tuple[tuple[Break, str, str, str], ...] = (
    (a_secret_is_missing, "variables", "HF_TOKEN is not set", "docs/doctor.md"),
    (terraform_is_old, "terraform", "1.9.8", "1.11 or newer"),
    (terraform_is_missing, "terraform", "not installed", "hashicorp.com"),
    (node_is_old, "node", "v18.19.0", "nodejs.org"),
    (docker_is_missing, "docker", "not installed", "docs.docker.com"),
    (the_docker_daemon_is_down, "docker", "Cannot connect", "systemctl start docker"),
    (doctl_is_missing, "doctl", "not installed", "doctl auth init --context solutions"),
    (kubectl_is_missing, "kubectl", "not installed", "kubernetes.io/docs/tasks/tools"),
    (the_token_is_refused, "token", "refuses the token (401)", "/account/api/tokens"),
    (the_account_is_locked, "token", "the account is locked", "cloudsupport"),
    (the_api_is_away, "token", "does not answer", "check the network"),
    (the_api_is_broken, "token", "503", "status.digitalocean.com"),
    (the_api_asks_to_wait, "token", "429", "repeat"),
    (the_token_may_only_read, "scopes", "lacks droplet:delete, kubernetes:create", "account/api"),
    (the_token_may_do_nothing_with_shares, "scopes", "lacks nfs:list", "add these scopes"),
    (doctl_has_another_account, "doctl context", "other@example.com", "DO_CONTEXT="),
    (doctl_has_no_such_context, "doctl context", "solutions: unable to", "doctl auth init"),
    (the_droplet_limit_is_reached, "droplet limit", "room for 2 of 5", "higher limit"),
    (there_is_no_such_region, "region", "xyz9 is none", "atl1, nyc2, tor1"),
    (the_gpus_are_elsewhere, "worker nodes", f"{GPU} is in nyc2", "REGION= one of nyc2"),
    (the_account_has_no_gpus, "worker nodes", "not for this account", "gpu-h200x1-141gb"),
    (there_is_no_such_gpu_size, "worker nodes", f"no size {GPU}", "doctl compute size list"),
    (the_gpus_are_sold_out, "worker nodes", "no new droplets", "GPU_TYPE=gpu-h200x1-141gb"),
    (the_small_nodes_are_elsewhere, "nodes", "is in nyc2", "REGION="),
    (the_list_of_sizes_is_broken, "nodes", "500", "status.digitalocean.com"),
    (the_release_line_is_retired, "kubernetes", "no 1.34", "1.35.2-do.0"),
    (kubernetes_is_not_in_the_region, "kubernetes", "not in atl1", "nyc2, tor1"),
    (nfs_is_not_in_the_region, "share", "404", "REGION="),
    (somebody_has_a_cluster_of_our_name, "cluster name", "without the tag", "by hand"),
    (the_other_environment_is_deployed, "cluster name", "dev is deployed", "make teardown ENV=dev"),
    (another_checkout_has_deployed_it, "cluster name", "no state here", "ADOPT=1"),
    (there_is_no_registry, "registry", "no registry", "doctl registry create"),
    (the_account_has_another_registry, "registry", "mine", "digitalocean.com/mine"),
    (the_registry_is_full, "registry room", "0.4 of 0.5 GiB", "garbage"),
    (the_registry_takes_no_more_repositories, "registry room", "1 of 1", "larger plan"),
    (there_is_no_such_bucket, "bucket", "there is no bucket", "create the bucket"),
    (the_key_of_the_bucket_is_unknown, "bucket", "403", "access_keys"),
    (the_key_may_only_read, "bucket write", "AccessDenied", "read and write"),
    (the_store_is_away, "bucket", "does not answer", "check endpoint and network"),
    (the_hub_does_not_know_the_token, "hub token", "401", "/settings/tokens"),
    (the_licence_is_not_accepted, "model", "it is gated", "accept its licence"),
    (the_repository_is_gone, "model", "no such repository", "check MODEL"),
    (the_hub_is_away, "hub token", "does not answer", "HF_ENDPOINT"),
    (the_inference_key_is_refused, "inference", "401", "manage-keys"),
    (the_followup_models_are_retired, "inference", "no model that we know", "another-model"),
    (inference_wants_to_be_paid, "inference", "402", "manage-keys"),
    (there_is_no_end_date, "end date", "none was set", "UNTIL=+8h"),
    (the_end_date_has_passed, "end date", "passed at", "UNTIL=+8h"),
)  # fmt: skip
"""The fault, the check that must be red, words of what it found, and words of its hint."""
