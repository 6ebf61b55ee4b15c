"""Check a manifest of a Kubernetes indexed job: job.py FILE. Prints the script of its one container.

The fields are those of the API reference of batch/v1 Job and core/v1 Pod as far as the manifest uses them; a field that is
not listed here is an error, as it is for the API server with strict validation.
"""
import sys

import yaml

QUANTITY = str
SCHEMA = {
    "apiVersion": str,
    "kind": str,
    "metadata": {"name": str},
    "spec": {
        "completionMode": str,
        "completions": int,
        "parallelism": int,
        "backoffLimit": int,
        "template": {
            "spec": {
                "restartPolicy": str,
                "containers": [
                    {
                        "name": str,
                        "image": str,
                        "command": [str],
                        "resources": {
                            "requests": {"cpu": QUANTITY, "memory": QUANTITY},
                            "limits": {"cpu": QUANTITY, "memory": QUANTITY},
                        },
                        "securityContext": {
                            "allowPrivilegeEscalation": bool,
                            "readOnlyRootFilesystem": bool,
                            "capabilities": {"drop": [str], "add": [str]},
                        },
                        "volumeMounts": [{"name": str, "mountPath": str}],
                    }
                ],
                "volumes": [{"name": str, "persistentVolumeClaim": {"claimName": str}, "emptyDir": {}}],
            }
        },
    },
}


def check(value, schema, path):
    if isinstance(schema, dict):
        assert isinstance(value, dict), f"{path}: a mapping is expected"
        for key, below in value.items():
            assert key in schema, f"{path}: there is no field {key}"
            check(below, schema[key], f"{path}.{key}")
    elif isinstance(schema, list):
        assert isinstance(value, list) and value, f"{path}: a list is expected"
        for index, below in enumerate(value):
            check(below, schema[0], f"{path}[{index}]")
    else:
        assert type(value) is schema, f"{path}: {schema.__name__} is expected"


with open(sys.argv[1], encoding="utf-8") as file:
    job = yaml.safe_load(file)
check(job, SCHEMA, "job")
assert (job["apiVersion"], job["kind"]) == ("batch/v1", "Job")
spec = job["spec"]
assert spec["completionMode"] == "Indexed" and spec["completions"] >= spec["parallelism"] >= 1
pod = spec["template"]["spec"]
assert pod["restartPolicy"] in ("Never", "OnFailure")  # a Job knows no Always
(container,) = pod["containers"]
volumes = {volume["name"] for volume in pod["volumes"]}
assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
shell, flags, script = container["command"]
assert (shell, flags) == ("/bin/sh", "-ec")
print(script, end="")
