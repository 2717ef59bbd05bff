"""Commands and files that start a program: the text of a shell, a Compose file, Kubernetes manifests."""

import json
import shlex
from typing import NamedTuple

PORT = 8000
CACHE = "/cache"  # where a container keeps what it downloads
VARIABLE = "${WEIGHTS:?repository or folder of the weights}"  # stands for weights that are still to be named
BESIDE = ("text-generation-launcher", "llama-server")  # programs whose first flag, the model, stands on their own line


class Run(NamedTuple):
    """What is run: a program with its first words, then flags, each with its value if it takes one."""

    program: tuple[str, ...]
    flags: tuple[tuple[str, ...], ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    before: str = ""
    after: str = ""
    rows: tuple[str, ...] = ()  # names of flags that stand elsewhere: in a file, in the environment


def quote(word: str) -> str:
    """A word as a shell takes it. Only weights that are still to be named, and ~ for one's home, are left to it."""
    if word.startswith("~/"):
        return "~/" + shlex.quote(word[2:])
    return f'"{word}"' if VARIABLE in word else shlex.quote(word)


def command(run: Run) -> str:
    """A run as a command of the shell, a flag a line."""
    flags = [" ".join(quote(word) for word in flag) for flag in run.flags]
    program = " ".join(quote(word) for word in run.program)
    if flags and run.program[0] in BESIDE:
        program = f"{program} {flags.pop(0)}"
    environment = "".join(f"{name}={quote(value)} \\\n" for name, value in run.environment)
    return run.before + environment + " \\\n  ".join([program, *flags]) + run.after


class Container(NamedTuple):
    """What a container runs: image with tag, entry point, arguments, GPUs; and the folder of weights that it needs, or ""."""

    image: str
    entry: tuple[str, ...]
    arguments: tuple[str, ...]
    gpus: int
    folder: str


def _literal(word: str) -> str:
    """A word in YAML, with nothing in it that Compose or Kubernetes would fill in."""
    return json.dumps(word if VARIABLE in word else word.replace("$", "$$"), ensure_ascii=False)


def _listed(words: tuple[str, ...], indent: int) -> str:
    return "".join(f"{' ' * indent}- {_literal(word)}\n" for word in words)


def compose(container: Container) -> str:
    """A Docker Compose file. HF_TOKEN is passed on from the environment if it is set there, and stands nowhere."""
    probe = f"import urllib.request as u; u.urlopen('http://127.0.0.1:{PORT}/health')"
    path = _literal(container.folder)
    mount = f"      - {{type: bind, source: {path}, target: {path}, read_only: true}}\n" if container.folder else ""
    return (
        "services:\n"
        "  llm:\n"
        f"    image: {container.image}\n"
        f"    entrypoint: {json.dumps(container.entry)}\n"
        f"    command:\n{_listed(container.arguments, 6)}"
        "    environment:\n"
        "      - HF_TOKEN  # from your shell, for weights behind a licence\n"
        f"      - HF_HOME={CACHE}\n"
        "    ports:\n"
        f'      - "127.0.0.1:{PORT}:{PORT}"\n'
        "    volumes:\n"
        f"      - ${{HOME}}/.cache/huggingface:{CACHE}\n"
        f"{mount}"
        "    ipc: host\n"
        "    healthcheck:\n"
        f'      test: ["CMD", "python3", "-c", {json.dumps(probe)}]\n'
        "      interval: 30s\n"
        "      timeout: 10s\n"
        "      retries: 3\n"
        "      start_period: 60m  # large weights take long to download and load\n"
        "    restart: unless-stopped\n"
        "    deploy:\n"
        "      resources:\n"
        "        reservations:\n"
        "          devices:\n"
        "            - driver: nvidia\n"
        f"              count: {container.gpus}\n"
        "              capabilities: [gpu]\n"
    ).rstrip("\n")


def kubernetes(container: Container) -> str:
    """A Deployment and a Service. The token is a Secret that is made apart, and may be missing."""
    probe = f"httpGet: {{path: /health, port: {PORT}}}"
    path = json.dumps(container.folder, ensure_ascii=False)  # nothing is filled in here, so $ stays as it is
    mount = f"            - {{name: weights, mountPath: {path}, readOnly: true}}\n" if container.folder else ""
    volume = f"        - name: weights\n          hostPath: {{path: {path}}}\n" if container.folder else ""
    return (
        "# For weights behind a licence, first:\n"
        '#   kubectl create secret generic hf-token --from-literal=token="$HF_TOKEN"\n'
        "apiVersion: apps/v1\n"
        "kind: Deployment\n"
        "metadata:\n"
        "  name: llm\n"
        "spec:\n"
        "  replicas: 1\n"
        "  strategy: {type: Recreate}  # two at once would need twice the GPUs\n"
        "  selector:\n"
        "    matchLabels: {app: llm}\n"
        "  template:\n"
        "    metadata:\n"
        "      labels: {app: llm}\n"
        "    spec:\n"
        "      containers:\n"
        "        - name: llm\n"
        f"          image: {container.image}\n"
        f"          command: {json.dumps(container.entry)}\n"
        f"          args:\n{_listed(container.arguments, 12)}"
        "          env:\n"
        "            - name: HF_TOKEN\n"
        "              valueFrom:\n"
        "                secretKeyRef: {name: hf-token, key: token, optional: true}\n"
        f"            - {{name: HF_HOME, value: {CACHE}}}\n"
        "          ports:\n"
        f"            - containerPort: {PORT}\n"
        "          resources:\n"
        "            limits:\n"
        f"              nvidia.com/gpu: {container.gpus}\n"
        "          startupProbe:  # up to an hour to download and load\n"
        f"            {probe}\n"
        "            periodSeconds: 15\n"
        "            failureThreshold: 240\n"
        "          readinessProbe:\n"
        f"            {probe}\n"
        "            periodSeconds: 10\n"
        "          livenessProbe:\n"
        f"            {probe}\n"
        "            periodSeconds: 30\n"
        "            timeoutSeconds: 10\n"
        "          volumeMounts:\n"
        f"            - {{name: cache, mountPath: {CACHE}}}\n"
        "            - {name: shm, mountPath: /dev/shm}\n"
        f"{mount}"
        "      volumes:\n"
        "        - name: cache\n"
        "          emptyDir: {}  # a persistent volume saves the download after a restart\n"
        "        - name: shm\n"
        "          emptyDir: {medium: Memory}\n"
        f"{volume}"
        "---\n"
        "apiVersion: v1\n"
        "kind: Service\n"
        "metadata:\n"
        "  name: llm\n"
        "spec:\n"
        "  selector: {app: llm}\n"
        "  ports:\n"
        f"    - {{port: {PORT}, targetPort: {PORT}}}"
    )
