"""What belongs in data/prices.yaml: the hosts, the labs, and the rule of what is a general chat model.

All of it is plain tables. To cover another host add a line to HOSTS; to cover another lab's open weights add a line to
FAMILIES.
"""

import re
from typing import NamedTuple


class Host(NamedTuple):
    """Who sells the tokens, and what each upstream calls it."""

    name: str
    lab: str = ""  # the vendor whose own models it sells; only those are taken from it
    open_only: bool = False  # a host whose proprietary models are left to the labs' own rows
    genai: str = ""
    litellm: tuple[str, ...] = ()  # litellm_provider
    models_dev: str = ""
    confirm: bool = False  # its list names models that it does not sell by the token: another upstream must list them too


# The id begins the id of a row. Labs first: there genai-prices is read first, on hosts LiteLLM.
HOSTS: dict[str, Host] = {
    "openai": Host("OpenAI", "OpenAI", False, "openai", ("openai",), "openai"),
    "anthropic": Host("Anthropic", "Anthropic", False, "anthropic", ("anthropic",), "anthropic"),
    "google": Host("Google", "Google", False, "google", ("gemini",), "google"),
    "mistral": Host("Mistral", "Mistral", False, "mistral", ("mistral",), "mistral"),
    "deepseek": Host("DeepSeek", "DeepSeek", False, "deepseek", ("deepseek",), "deepseek"),
    "xai": Host("xAI", "xAI", False, "x-ai", ("xai",), "xai"),
    "meta": Host("Meta", "Meta", False, "meta", ("meta",), "meta"),
    "alibaba": Host("Alibaba", "Alibaba", False, "", ("dashscope",), "alibaba"),
    "moonshot": Host("Moonshot", "Moonshot", False, "moonshotai", ("moonshot",), "moonshotai"),
    "zai": Host("Z.ai", "Z.ai", False, "zai", ("zai",), "zai"),
    "minimax": Host("MiniMax", "MiniMax", False, "minimax", ("minimax",), "minimax"),
    "cohere": Host("Cohere", "Cohere", False, "cohere", ("cohere_chat",), "cohere"),
    "bedrock": Host("Amazon Bedrock", "", False, "aws", ("bedrock", "bedrock_converse"), "amazon-bedrock"),
    "azure": Host("Microsoft Azure", "", False, "azure", ("azure", "azure_ai"), "azure"),
    "together": Host("Together", "", True, "together", ("together_ai",), "togetherai", True),
    "fireworks": Host("Fireworks", "", True, "fireworks", ("fireworks_ai",), "fireworks-ai"),
    "groq": Host("Groq", "", True, "groq", ("groq",), "groq"),
    "deepinfra": Host("DeepInfra", "", True, "", ("deepinfra",), "deepinfra"),
    "novita": Host("Novita", "", True, "novita", ("novita",), "novita-ai", True),
    "cerebras": Host("Cerebras", "", True, "cerebras", ("cerebras",), "cerebras"),
    "nebius": Host("Nebius", "", True, "", ("nebius",), "nebius"),
    "baseten": Host("Baseten", "", True, "baseten", ("baseten",), "baseten"),
    "sambanova": Host("SambaNova", "", True, "", ("sambanova",), "sambanova"),
}

OPEN, PROPRIETARY = "open weights", "proprietary"


class Family(NamedTuple):
    """Models whose id begins alike: the first family that matches decides."""

    start: str  # a regular expression, matched at the beginning of the model id
    vendor: str
    access: str


FAMILIES = [
    Family(r"gpt-oss-\d", "OpenAI", OPEN),
    Family(r"gpt-(4o|4-1(-|$)|[5-9])|o[134](-|$)", "OpenAI", PROPRIETARY),
    Family(r"claude-", "Anthropic", PROPRIETARY),
    Family(r"gemini-\d", "Google", PROPRIETARY),
    Family(r"gemma-[34]-", "Google", OPEN),
    Family(r"mistral-medium-3(-1)?$|magistral-medium", "Mistral", PROPRIETARY),
    Family(r"mistral-(large-[2-9]|medium-3|small-[34]|nemo)(-|$)|ministral-3-|magistral-small|mixtral-8x", "Mistral", OPEN),
    Family(r"deepseek-(v|r1)", "DeepSeek", OPEN),
    Family(r"grok-\d", "xAI", PROPRIETARY),
    Family(r"llama-(3-[123]|4)-(?!nemotron)", "Meta", OPEN),
    Family(r"muse-(glimmer|spark-open)", "Meta", OPEN),
    Family(r"muse-", "Meta", PROPRIETARY),
    Family(r"qwen[\d-]*-(max|plus|flash|turbo)", "Alibaba", PROPRIETARY),
    Family(r"qwen(2-5-72b|3-)", "Alibaba", OPEN),
    Family(r"kimi-k", "Moonshot", OPEN),
    Family(r"glm-5-turbo|glm-4-5-(x|airx)$|glm-\S*-flashx$", "Z.ai", PROPRIETARY),
    Family(r"glm-[45]", "Z.ai", OPEN),
    Family(r"minimax-m\d", "MiniMax", OPEN),
    Family(r"command-(a|r)", "Cohere", OPEN),
    Family(r"nova-", "Amazon", PROPRIETARY),
    Family(r"nemotron-3", "NVIDIA", OPEN),
    Family(r"phi-4", "Microsoft", OPEN),
    Family(r"mimo-v", "Xiaomi", OPEN),
    Family(r"hy\d", "Tencent", OPEN),
    Family(r"step-\d", "StepFun", OPEN),
    Family(r"inkling", "Thinking Machines", OPEN),
]

# A general chat model takes and gives text and answers anybody's question. A word here, between hyphens, is another
# thing: another trade, a tuned or guarded edition, an alias that moves, or the same model at another speed or place.
OTHER_TRADES = [
    "embed", "tts", "asr", "audio", "image", "banana", "realtime", "live", "transcribe", "whisper", "voice",
    "voxtral", "sonic", "omni", "vl", "vision", "v", "4v", "5v", "6v", "multimodal", "ocr", "computer", "robotics",
    "lyria", "moderation", "guard", "safeguard", "safety", "search", "research", "deep", "rerank", "translate",
    "mt", "coder", "codex", "code", "math", "prover", "cyber", "rosalind", "law", "learnlm", "her", "character",
    "multi", "mythos",
]
EDITIONS = [
    "ft", "base", "distill", "draft", "reasoning", "speciale", "exp", "experimental", "beta", "gv2", "contributor",
    "latest", "customtools", "free", "long", "nightly", "chat", "extended", "specdec", "saba", "tput",
]
SPEEDS = [
    "fast", "highspeed", "lightning", "ultrafast", "ultra", "spot", "us", "eu", "priority", "p", "h", "speed",
    "fin", "sante", "community", "turbo",
]
KEPT_WORDS = {"nemotron-3-ultra-550b-a55b", "nemotron-3-5-lightning-30b-a3b", "glm-5-turbo", "qwen-turbo"}

# What one host's key means, where the host names a model otherwise than everybody else.
KEYS = {"deepseek.v3-v1:0": "deepseek-v3-1"}

# What the upstreams write for a model whose id would not come out right by the rule alone.
ALIASES = {
    "gpt-5-6": "gpt-5-6-sol", "gpt-oss-120b-1": "gpt-oss-120b", "gpt-oss-20b-1": "gpt-oss-20b",
    "grok-4-0709": "grok-4", "grok-4-20-0309": "grok-4-20",
    "deepseek-flash": "deepseek-v4-1-flash", "deepseek-v4-1-flash-1017": "deepseek-v4-1-flash",
    "mistral-large": "mistral-large-2", "mistral-large-2407": "mistral-large-2", "mistral-large-2411": "mistral-large-2",
    "mistral-large-2512": "mistral-large-3",
    "mistral-large-3-675b": "mistral-large-3", "mistral-large-4-0": "mistral-large-4",
    "mistral-medium-2604": "mistral-medium-3-5", "mistral-medium-2505": "mistral-medium-3",
    "mistral-small-2603": "mistral-small-4", "mistral-small-2503": "mistral-small-3-1",
    "mistral-small-3-1-24b": "mistral-small-3-1", "mistral-small-3-2-24b": "mistral-small-3-2",
    "mistral-small-24b-2501": "mistral-small-3", "mistral-nemo-2407": "mistral-nemo-12b", "mistral-nemo": "mistral-nemo-12b",
    "minimax-m1-80k": "minimax-m1",
    "ministral-3b-2512": "ministral-3-3b", "ministral-8b-2512": "ministral-3-8b", "ministral-14b-2512": "ministral-3-14b",
    "ministral-3-3b-2512": "ministral-3-3b", "ministral-3-8b-2512": "ministral-3-8b", "ministral-3-14b-2512": "ministral-3-14b",
    "mistral-small-3-2-24b-2506": "mistral-small-3-2",
    "nemotron-super-3-120b": "nemotron-3-super-120b-a12b", "nemotron-nano-3-30b": "nemotron-3-nano-30b-a3b",
    "nemotron-120b-a12b": "nemotron-3-super-120b-a12b", "nemotron-3-ultra": "nemotron-3-ultra-550b-a55b",
    "nemotron-lightning-3-5-30b-a3b": "nemotron-3-5-lightning-30b-a3b",
    "nemotron-3-5-lightning": "nemotron-3-5-lightning-30b-a3b",
    "muse-spark-open-816b-a42b": "muse-spark-open",
    "command-a-03-2025": "command-a", "command-r-08-2024": "command-r", "command-r-plus-08-2024": "command-r-plus",
    "command-r7b-12-2024": "command-r7b", "command-a-plus-05-2026": "command-a-plus",
    "glm-4-32b-0414-128k": "glm-4-32b-0414",
}

# Models that the original document names: their rows stay, and say so, when they are retired.
NAMED = {"gpt-4o", "claude-3-5-sonnet", "llama-3-1-8b", "llama-3-1-70b", "llama-3-1-405b", "mistral-large-2", "qwen2-5-72b"}

# Sold, though LiteLLM does not list them: genai-prices keeps retired models too, so such a model needs a person's word.
SOLD = {"anthropic/claude-fable-5-2", "aws/global.anthropic.claude-fable-5-2", "groq/llama-3.1-8b-instant",
        "groq/llama-3.3-70b-versatile"}

# Entries that would pass the rule and do not belong in the table, and why.
LEFT_OUT = {
    "mistral/mistral-medium-3": "an alias that now means Mistral Medium 3.5",
    "deepseek/deepseek-v4-flash": "retired on 2026-09-10; the name is answered by V4.1 Flash",
    "deepseek-v4-flash": "retired on 2026-09-10; the name is answered by V4.1 Flash",
    "aws/openai.gpt-5.4": "the price of a single region", "aws/openai.gpt-5.5": "the price of a single region",
    "google/gemma-4-26b-a4b-it-maas": "a price of Vertex AI, another host",
    "novita/deepseek/deepseek-r1-0528-qwen3-8b": "a small model taught by R1",
    "novita/deepseek/deepseek_v3": "an old row; Novita's own list names V3 Turbo",
    "novita/deepseek/deepseek-r1": "an old row; Novita's own list names R1 Turbo",
    "together_ai/meta-llama/Llama-3.1-405B-Instruct": "listed, but sold on dedicated servers only, as far as can be told",
    "global.moonshotai.kimi-k3.1": "the faster edition", "moonshotai.kimi-k3.1": "the faster edition",
    "aws/global.moonshotai.kimi-k3.1": "the faster edition",
    "azure/o1-mini": "retired by its maker; Azure's row is a leftover",
    "azure/o1-mini-2024-09-12": "retired by its maker; Azure's row is a leftover",
}

PREFIXES = ("meta-llama-", "cohere-command-", "zai-glm-", "nvidia-nemotron-", "nvidia-llama", "qwen-qwen", "fw-")
NOISE = [
    "instruct", "it", "hf", "fp8", "fp4", "bf16", "nvfp4", "basic", "maas", "preview", "versatile", "instant",
    "v0-1", "v0", "v1",
]


class Model(NamedTuple):
    """A model of the coverage, as all hosts of the same weights call it here."""

    id: str
    name: str
    vendor: str
    access: str
    variant: str = ""  # "turbo": a cheaper serving of the same weights, where a host sells both
    snapshot: str = ""  # the date in the upstream's name

    @property
    def family_id(self) -> str:
        """The id that its dated revisions share, which are of one architecture: deepseek-v4-pro-0813 is a deepseek-v4-pro."""
        return re.sub(r"-\d{4}$", "", self.id)


def identify(host_id: str, key: str) -> Model | None:
    """Which model an upstream's name means on a host; None if it is outside the coverage."""
    host = HOSTS[host_id]
    name = KEYS.get(key) or _plain(host_id, key)
    if name is None:
        return None
    variant = "turbo" if name.endswith("-turbo") and host.open_only else ""
    name, snapshot = _core(name.removesuffix(f"-{variant}") if variant else name)
    family = next((f for f in FAMILIES if re.match(f.start, name)), None)
    if not family or not _general(name):
        return None
    if (host.lab and family.vendor != host.lab) or (host.open_only and family.access != OPEN):
        return None
    shown = display(name) + (" Turbo" if variant else " (preview)" if "preview" in key else "")
    return Model(name, shown, family.vendor, family.access, variant, snapshot)


def _plain(host_id: str, key: str) -> str | None:
    """The name in lower case with hyphens, without what the host puts around it; None for another region's entry."""
    name = key.rsplit("/", 1)[-1].lower()
    if host_id == "azure" and re.search(r"(^|/)(us|eu|apac|us-gov|global|global-standard)/", key):
        return None
    if host_id == "bedrock":
        if "/" in key.removeprefix("bedrock/") or re.match(r"(us|eu|apac|au|jp|in|us-gov|regional)\.", name):
            return None
        name = name.removeprefix("global.")
        name = re.sub(r"^(deepseek)\.(?=[vr]\d)", r"\1-", name)
        name = re.sub(r"^[a-z0-9]+\.(?=[a-z])", "", name)
        name = re.sub(r"(-v\d+)?:\d+$", lambda m: "-v1" if m[1] == "-v1" else m[1] or "", name)
    if name.startswith("ft:"):
        return None
    name = re.sub(r"(?<=\d)p(?=\d)", "-", name)
    name = re.sub(r"[._:@ ]+", "-", name)
    for prefix in PREFIXES:
        if name.startswith(prefix):
            name = name[name.index("-") + 1:]
    name = re.sub(r"^llama-?v?(?=\d)", "llama-", name)
    name = re.sub(r"^qwen-?v?(?=\d)", "qwen", name)
    return re.sub(r"^(llama-4-(?:scout|maverick))-17b(-\d+e)?", r"\1", name)


def _core(name: str) -> tuple[str, str]:
    """The model's id and the date in its name, both out of a plain name."""
    snapshot = ""
    changed = True
    while changed:
        before = name
        if name in ALIASES:
            name = ALIASES[name]
        name = name.replace("-instruct-", "-")
        for word in NOISE:
            name = name.removesuffix(f"-{word}")
        dated = re.fullmatch(r"(.+?)-(20\d{6}|20\d\d-\d\d-\d\d)", name)
        if dated:
            name, snapshot = dated[1], dated[2]
        changed = name != before
    return name, snapshot


def _general(name: str) -> bool:
    """Whether an id names a general chat model at its standard speed."""
    if name in KEPT_WORDS:
        return True
    words = name.split("-")
    return not set(words) & {*OTHER_TRADES, *EDITIONS, *SPEEDS}


_CASED = {"gpt": "GPT", "glm": "GLM", "deepseek": "DeepSeek", "minimax": "MiniMax", "mimo": "MiMo", "airx": "AirX",
          "flashx": "FlashX", "8x7b": "8x7B", "8x22b": "8x22B"}


def display(model_id: str) -> str:
    """A name for reading: gpt-5-6-sol is GPT-5.6 Sol, llama-3-3-70b is Llama 3.3 70B."""
    if model_id.startswith("gpt-oss-"):
        return model_id
    text = re.sub(r"^qwen(\d)-(\d{1,2})(?![\da-z])", r"qwen\1.\2", model_id).replace("-2-4t-", "-2.4t-")
    text = re.sub(r"(?<![\da-z.])([a-z]?\d{1,2})-(\d{1,2})(?![\da-z.])", r"\1.\2", text)
    name = " ".join(_word(word) for word in text.split("-"))
    name = re.sub(r"(\d[BT]) (A\d+B)", r"\1-\2", name)
    if name.startswith("GPT"):
        name = name.replace("Mini", "mini").replace("Nano", "nano")
    return re.sub(r"^(GPT|GLM|Phi) (?=\d)", r"\1-", name)


def _word(word: str) -> str:
    if word in _CASED:
        return _CASED[word]
    if re.fullmatch(r"o\d|4o", word):
        return word
    if re.fullmatch(r"[a-z]?[\d.]+[a-z]?", word):
        return word.upper()
    return word[:1].upper() + word[1:]
