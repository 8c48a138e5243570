# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a pod by Kubernetes's profile "restricted", and by rules of our own.

Only the fields that our manifests may have are understood: a pod with others is not passed.
"""

from __future__ import annotations

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
           "projected", "secret"}
HOST = ("hostNetwork", "hostPID", "hostIPC")


def violations(pod: dict) -> list[str]:
    """A line for everything in the pod's spec that may not be so; empty for a good one."""
    found = [f"{field} is set" for field in HOST if pod.get(field)]
    for volume in pod.get("volumes", []):
        if kinds := set(volume) - {"name"} - VOLUMES:
            found.append(f"volume {volume['name']} is a {', '.join(sorted(kinds))}")
    if pod.get("automountServiceAccountToken") is not False:
        found.append("the pod gets a token for the API server")
    for container in pod.get("initContainers", []) + pod["containers"]:
        found += [f"{container['name']}: {text}"
                  for text in _container_violations(container, pod.get("securityContext", {}))]
    return found


def _container_violations(container: dict, of_pod: dict) -> list[str]:
    own = container.get("securityContext", {})
    context = {**of_pod, **own}
    found = []
    if context.get("runAsNonRoot") is not True:
        found.append("may run as root")
    if context.get("runAsUser") == 0:
        found.append("runs as root")
    if context.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        found.append("has no seccomp profile")
    if own.get("allowPrivilegeEscalation") is not False:
        found.append("may get more privileges")
    if own.get("privileged"):
        found.append("is privileged")
    capabilities = own.get("capabilities", {})
    if capabilities.get("drop") != ["ALL"] or capabilities.get("add"):
        found.append("has capabilities")
    if any("hostPort" in port for port in container.get("ports", [])):
        found.append("takes a port of the host")
    # Not of the profile.
    if own.get("readOnlyRootFilesystem") is not True:
        found.append("may write to its root file system")
    if "memory" not in container.get("resources", {}).get("limits", {}):
        found.append("has no limit of memory")
    return found
